import { Fragment, memo, type ReactNode } from 'react';

type Props = { children: string; marks?: string | undefined };

/** WhatsApp's marks for bold, italic, struck and fixed letters, and addresses of the web. */
const pattern =
  /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'])|```([\s\S]+?)```|(?<![\p{L}\d*])\*(\S(?:[^*\n]*\S)?)\*(?![\p{L}\d*])|(?<![\p{L}\d_])_(\S(?:[^_\n]*\S)?)_(?![\p{L}\d_])|(?<![\p{L}\d~])~(\S(?:[^~\n]*\S)?)~(?![\p{L}\d~])/gu;

/** What somebody has written, its marks drawn and its addresses to be followed. */
export const Words = memo(function Words({ children, marks }: Props) {
  return (
    <span className="words" dir="auto">
      {drawn(children, marks)}
    </span>
  );
});

function drawn(text: string, marks: string | undefined): ReactNode[] {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const [whole, address, fixed, bold, italic, struck] = match;
    if (match.index > end) parts.push(marked(text.slice(end, match.index), marks, end));
    end = match.index + whole.length;
    const key = match.index;
    if (address) {
      parts.push(
        <a key={key} href={address} target="_blank" rel="noopener noreferrer">
          {address}
        </a>,
      );
    } else if (fixed) parts.push(<code key={key}>{fixed}</code>);
    else if (bold) parts.push(<b key={key}>{drawn(bold, marks)}</b>);
    else if (italic) parts.push(<i key={key}>{drawn(italic, marks)}</i>);
    else if (struck) parts.push(<s key={key}>{drawn(struck, marks)}</s>);
  }
  if (end < text.length) parts.push(marked(text.slice(end), marks, end));
  return parts;
}

/** The text with the words that are looked for marked. */
function marked(text: string, marks: string | undefined, key: number): ReactNode {
  const words = (marks ?? '').split(/\s+/).filter((word) => word.length > 1);
  if (words.length === 0) return <Fragment key={key}>{text}</Fragment>;
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const split = text.split(new RegExp(`(${escaped.join('|')})`, 'iu'));
  return (
    <Fragment key={key}>
      {split.map((part, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name
        index % 2 === 1 ? <mark key={index}>{part}</mark> : part,
      )}
    </Fragment>
  );
}
