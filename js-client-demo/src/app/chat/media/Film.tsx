import type { Entry } from '../../../inbox-client';
import { sizeIn } from '../thread/groups';
import { useMediaUrl } from './media-url';
import { NotThere } from './NotThere';

/** A video in a bubble; its place is kept before it is there. */
export function Film({ entry }: { entry: Entry }) {
  const { media } = entry.metadata;
  const { url, hasFailed, retry } = useMediaUrl(media?.state === 'stored' ? media.id : null);
  const { width, height } = sizeIn(media);
  return (
    <div className="picture" style={{ width, aspectRatio: `${width} / ${height}` }}>
      {media?.state !== 'stored' || hasFailed ? (
        <NotThere media={media} onRetry={hasFailed ? retry : undefined} />
      ) : (
        url && (
          // biome-ignore lint/a11y/useMediaCaption: what customers film has no captions
          <video src={url} controls preload="metadata" width={width} height={height} />
        )
      )}
    </div>
  );
}
