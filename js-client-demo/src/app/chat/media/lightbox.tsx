import { useStore } from '@nanostores/react';
import { ChevronLeft, ChevronRight, Download, X } from 'lucide-react';
import { createContext, useEffect, useRef } from 'react';
import type { Entry } from '../../../inbox-client';
import { nameOf, useFormat } from '../../format';
import { useMediaUrl } from './media-url';
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
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);

  const pictures = entries.filter(
    ({ type, metadata }) => type === 'IMAGE' && metadata.media?.state === 'stored',
  );
  const index = pictures.findIndex(({ id }) => id === shownId);
  const shown = pictures[index];
  const { url } = useMediaUrl(shown?.metadata.media?.id ?? null);
  const go = (by: number) => {
    const next = pictures[index + by];
    if (next) onShow(next.id);
  };
  if (!shown) return null;
  return (
    <dialog
      ref={dialog}
      className="lightbox"
      aria-label={shown.content || text.open}
      onClose={() => onShow(null)}
      onClick={(event) => event.target === event.currentTarget && onShow(null)}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') go(-1);
        if (event.key === 'ArrowRight') go(1);
        event.stopPropagation();
      }}
    >
      <header>
        <p>
          <b>{shown.metadata.author?.name ?? nameOf(shown.contact)}</b>
          <time dateTime={shown.timestamp}>{format.moment(shown.timestamp)}</time>
        </p>
        {url && (
          <a
            className="icon-button"
            href={url}
            download={shown.metadata.media?.filename ?? ''}
            aria-label={text.download}
          >
            <Download size={20} aria-hidden="true" />
          </a>
        )}
        <button
          type="button"
          className="icon-button"
          aria-label={text.close}
          onClick={() => onShow(null)}
        >
          <X size={20} aria-hidden="true" />
        </button>
      </header>
      {url && <img src={url} alt={shown.content} />}
      {shown.content && <p className="lightbox-words">{shown.content}</p>}
      {index > 0 && (
        <button
          type="button"
          className="icon-button previous"
          aria-label={text.previous}
          onClick={() => go(-1)}
        >
          <ChevronLeft size={26} aria-hidden="true" />
        </button>
      )}
      {index < pictures.length - 1 && (
        <button
          type="button"
          className="icon-button next"
          aria-label={text.next}
          onClick={() => go(1)}
        >
          <ChevronRight size={26} aria-hidden="true" />
        </button>
      )}
    </dialog>
  );
}
