import { useStore } from '@nanostores/react';
import { FileText, Film } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useInbox, useLive } from '../../../hooks';
import type { Conversation, Entry } from '../../../inbox-client';
import { attempt } from '../attempt';
import { nameOf } from '../media/FileCard';
import { LightboxDialog } from '../media/lightbox';
import { linkTo, useMediaUrl } from '../media/media-url';
import { mediaText } from '../media/text';
import { contactText } from './text';

const mostShown = 9;

/** Among so many messages they are looked for, each time that one comes. */
const mostLookedAt = 1_000;

/** The files of the newest messages that are held, the newest first. */
export function SharedFiles({ conversation: { id } }: { conversation: Conversation }) {
  const text = useStore(contactText);
  const thread = useLive((state) => state.threads.get(id));
  const messages = thread?.messages;
  const [shown, setShown] = useState<string | null>(null);
  const files = useMemo(() => {
    const isFile = ({ type, metadata }: Entry) =>
      metadata.media?.state === 'stored' &&
      !metadata.deletedAt &&
      type !== 'AUDIO' &&
      metadata.kind !== 'sticker';
    return (messages ?? []).slice(-mostLookedAt).filter(isFile).slice(-mostShown).reverse();
  }, [messages]);
  if (files.length === 0) return null;
  return (
    <section className="contact-part">
      <h3>{text.media}</h3>
      <ul className="shared-files">
        {files.map((entry) => (
          <li key={entry.id}>
            <File entry={entry} onShow={() => setShown(entry.id)} />
          </li>
        ))}
      </ul>
      {shown && <LightboxDialog entries={messages ?? []} shownId={shown} onShow={setShown} />}
    </section>
  );
}

function File({ entry, onShow }: { entry: Entry; onShow: () => void }) {
  const text = useStore(mediaText);
  const inbox = useInbox();
  const { media } = entry.metadata;
  const isImage = entry.type === 'IMAGE';
  const { url, onError } = useMediaUrl(isImage ? (media?.id ?? null) : null);
  const name = nameOf(entry) || text.file;
  const open = async () => {
    if (!media) return;
    const link = await linkTo(inbox, media.id);
    window.open(link.url, '_blank', 'noopener');
  };
  if (isImage) {
    return (
      <button
        type="button"
        aria-label={`${text.open}${entry.content ? `: ${entry.content}` : ''}`}
        onClick={onShow}
      >
        {url && <img src={url} alt="" loading="lazy" onError={onError} />}
      </button>
    );
  }
  const Icon = entry.type === 'VIDEO' ? Film : FileText;
  return (
    <button
      type="button"
      title={name}
      aria-label={text.downloadNamed({ name })}
      onClick={() => void attempt(open(), text.failed)}
    >
      <Icon size={20} aria-hidden="true" />
    </button>
  );
}
