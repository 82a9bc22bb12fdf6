import { useStore } from '@nanostores/react';
import { ChevronLeft, ChevronRight, Download, X } from 'lucide-react';
import { createContext } from 'react';
import type { Entry } from '../../../inbox-client';
import { nameOf, useFormat } from '../../format';
import { IconButton } from '../../ui/IconButton';
import { useMediaUrl } from './media-url';
import { NotThere } from './NotThere';
import { mediaText } from './text';

/** Shows a message's image large. */
export const Lightbox = createContext<((id: string) => void) | null>(null);

type Props = {
  /** The messages among which one can go to and fro. */
  entries: readonly Entry[];
  shownId: string;
  onShow: (id: string | null) => void;
};

/** An image as large as the window lets it be. */
export function LightboxDialog({ entries, shownId, onShow }: Props) {
  const text = useStore(mediaText);
  const format = useFormat();

  const pictures = entries.filter(
    ({ type, metadata }) => type === 'IMAGE' && metadata.media?.state === 'stored',
  );
  const index = pictures.findIndex(({ id }) => id === shownId);
  const shown = pictures[index];
  const media = shown?.metadata.media;
  const { url, hasFailed, retry, onError } = useMediaUrl(media?.id ?? null);
  const go = (by: number) => {
    const next = pictures[index + by];
    if (next) onShow(next.id);
  };
  if (!shown) return null;
  return (
    <dialog
      ref={open}
      className="lightbox"
      aria-label={shown.content || text.open}
      onClose={() => onShow(null)}
      onClick={({ target, currentTarget }) => target === currentTarget && currentTarget.close()}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') go(-1);
        if (event.key === 'ArrowRight') go(1);
        event.stopPropagation();
      }}
    >
      <header>
        <p>
          <b dir="auto">{shown.metadata.author?.name ?? nameOf(shown.contact)}</b>
          <time dateTime={shown.timestamp}>{format.moment(shown.timestamp)}</time>
        </p>
        {url && (
          <a
            className="icon-button"
            href={url}
            download={media?.filename ?? ''}
            aria-label={text.download}
          >
            <Download size={20} aria-hidden="true" />
          </a>
        )}
        <IconButton
          icon={X}
          size={20}
          label={text.close}
          // What closes gives the focus back to where it was; what merely goes does not.
          onClick={({ currentTarget }) => currentTarget.closest('dialog')?.close()}
        />
      </header>
      {url && <img src={url} alt={shown.content} draggable={false} onError={onError} />}
      {hasFailed && <NotThere media={media} onRetry={retry} />}
      {shown.content && (
        <p className="lightbox-words" dir="auto">
          {shown.content}
        </p>
      )}
      {index > 0 && (
        <IconButton
          icon={ChevronLeft}
          size={26}
          label={text.previous}
          className="previous"
          onClick={() => go(-1)}
        />
      )}
      {index < pictures.length - 1 && (
        <IconButton
          icon={ChevronRight}
          size={26}
          label={text.next}
          className="next"
          onClick={() => go(1)}
        />
      )}
    </dialog>
  );
}

/** Shows the dialog over everything else, whenever it is put there: what it shows may go, and come back. */
function open(dialog: HTMLDialogElement | null): void {
  if (dialog && !dialog.open) dialog.showModal();
}
