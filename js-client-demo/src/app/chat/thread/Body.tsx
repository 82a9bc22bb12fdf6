import { useStore } from '@nanostores/react';
import { LayoutTemplate, List } from 'lucide-react';
import type { Entry } from '../../../inbox-client';
import { FileCard, nameOf } from '../media/FileCard';
import { Film } from '../media/Film';
import { Picture } from '../media/Picture';
import { Sound } from '../media/Sound';
import { ContactCards, Spot } from '../media/Spot';
import { threadText } from './text';
import { Words } from './Words';

type Props = { entry: Entry; marks: string | undefined };

/** What a message says, in whichever form. */
export function Body({ entry, marks }: Props) {
  const text = useStore(threadText);
  const { type, content, metadata } = entry;
  if (metadata.deletedAt) return <span className="deleted">{text.deleted}</span>;
  switch (type) {
    case 'IMAGE':
      return (
        <>
          <Picture entry={entry} />
          {content && <Words marks={marks}>{content}</Words>}
        </>
      );
    case 'VIDEO':
      return (
        <>
          <Film entry={entry} />
          {content && <Words marks={marks}>{content}</Words>}
        </>
      );
    case 'AUDIO':
      return <Sound entry={entry} />;
    case 'DOCUMENT':
      return (
        <>
          <FileCard entry={entry} />
          {content && content !== nameOf(entry) && <Words marks={marks}>{content}</Words>}
        </>
      );
    case 'LOCATION':
      return <Spot entry={entry} />;
    case 'TEXT':
      if (metadata.contacts) return <ContactCards entry={entry} />;
      return (
        <>
          {metadata.template !== undefined && (
            <p className="bubble-head">
              <LayoutTemplate size={12} aria-hidden="true" /> {text.template}
            </p>
          )}
          <Words marks={marks}>{content}</Words>
          {entry.direction === 'OUTBOUND' && <Choices part={metadata.interactive} />}
        </>
      );
  }
}

type Interactive = {
  action?: {
    buttons?: { reply?: { title?: string } }[];
    sections?: { rows?: { title?: string }[] }[];
  };
};

/** What the customer can choose from. */
function Choices({ part }: { part: unknown }) {
  const text = useStore(threadText);
  const { buttons = [], sections = [] } = (part as Interactive | undefined)?.action ?? {};
  const titles = [
    ...buttons.map(({ reply }) => reply?.title),
    ...sections.flatMap(({ rows = [] }) => rows.map(({ title }) => title)),
  ].filter((title) => title !== undefined);
  if (titles.length === 0) return null;
  return (
    <ul className="choices" aria-label={text.chosen}>
      {titles.map((title) => (
        <li key={title}>
          {sections.length > 0 && <List size={13} aria-hidden="true" />} {title}
        </li>
      ))}
    </ul>
  );
}
