import { useStore } from '@nanostores/react';
import { use } from 'react';
import type { Entry } from '../../../inbox-client';
import { useLabelOf } from '../../format';
import { sizeIn } from '../thread/groups';
import { Lightbox } from './lightbox';
import { useMediaUrl } from './media-url';
import { NotThere } from './NotThere';
import { mediaText } from './text';

/** An image in a bubble; its place is kept before it is there, and it opens large. */
export function Picture({ entry }: { entry: Entry }) {
  const text = useStore(mediaText);
  const labelOf = useLabelOf();
  const show = use(Lightbox);
  const { media } = entry.metadata;
  const link = useMediaUrl(media?.state === 'stored' ? media.id : null);
  const { url, hasFailed, retry, onError } = link;
  const { width, height } = sizeIn(media);
  const isSticker = entry.metadata.kind === 'sticker';
  const style = { width: isSticker ? 140 : width, aspectRatio: `${width} / ${height}` };
  if (media?.state !== 'stored' || hasFailed) {
    return (
      <div className="picture" style={style}>
        <NotThere media={media} onRetry={hasFailed ? retry : undefined} />
      </div>
    );
  }
  return (
    <button
      type="button"
      className="picture"
      data-sticker={isSticker}
      style={style}
      aria-label={`${text.open}${entry.content ? `: ${entry.content}` : ''}`}
      onClick={() => show?.(entry.id)}
    >
      {url && (
        <img
          src={url}
          alt={entry.content || labelOf(entry)}
          width={width}
          height={height}
          draggable={false}
          onError={onError}
        />
      )}
    </button>
  );
}
