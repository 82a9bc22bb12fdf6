import { useStore } from '@nanostores/react';
import { Download, FileText } from 'lucide-react';
import { useInbox } from '../../../hooks';
import type { Entry } from '../../../inbox-client';
import { type Format, useFormat } from '../../format';
import { attempt } from '../attempt';
import { linkTo } from './media-url';
import { NotThere } from './NotThere';
import { mediaText } from './text';

/** A document: what it is called, how large it is, and how to get it. */
export function FileCard({ entry }: { entry: Entry }) {
  const text = useStore(mediaText);
  const inbox = useInbox();
  const format = useFormat();
  const { media } = entry.metadata;
  const name = nameOf(entry) || text.file;
  if (media?.state !== 'stored') {
    return (
      <div className="file-card">
        <FileText size={26} aria-hidden="true" />
        <span>
          <b dir="auto">{name}</b>
          <NotThere media={media} />
        </span>
      </div>
    );
  }
  const fetchIt = async () => {
    const { url } = await linkTo(inbox, media.id);
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
  };
  return (
    <button
      type="button"
      className="file-card"
      aria-label={text.downloadNamed({ name })}
      onClick={() => void attempt(fetchIt(), text.failed)}
    >
      <FileText size={26} aria-hidden="true" />
      <span>
        <b dir="auto">{name}</b>
        <small>
          {[ending(name, media.mimeType), sized(media.size, format)].filter(Boolean).join(' · ')}
        </small>
      </span>
      <Download size={17} aria-hidden="true" />
    </button>
  );
}

/** What a document is called. */
export function nameOf({ metadata }: Entry): string {
  const part = metadata.document as { filename?: string } | undefined;
  return metadata.media?.filename ?? part?.filename ?? '';
}

/** A size as people say it. */
export function sized(bytes: number | undefined, { number }: Format): string {
  if (bytes === undefined) return '';
  if (bytes < 1_000) return `${number(bytes)} B`;
  if (bytes < 1_000_000) return `${number(Math.round(bytes / 1_000))} kB`;
  return `${number(bytes / 1_000_000)} MB`;
}

function ending(name: string, mimeType: string | undefined): string {
  const [, end] = /\.(\w{2,5})$/.exec(name) ?? [];
  return (end ?? mimeType?.split('/').at(-1) ?? '').slice(0, 8).toUpperCase();
}
