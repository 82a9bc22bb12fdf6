import type { Entry } from '../../../inbox-client';
import { sizeIn } from '../thread/groups';
import { NotThere } from './NotThere';
import { usePlayable } from './playable';

/** A video in a bubble; its place is kept before it is there. */
export function Film({ entry }: { entry: Entry }) {
  const { media } = entry.metadata;
  const link = usePlayable(media?.state === 'stored' ? media.id : null);
  const { url, hasFailed, retry, player } = link;
  const { width, height } = sizeIn(media);
  return (
    <div className="picture" style={{ width, aspectRatio: `${width} / ${height}` }}>
      {media?.state !== 'stored' || hasFailed ? (
        <NotThere media={media} onRetry={hasFailed ? retry : undefined} />
      ) : (
        url && (
          <video src={url} controls preload="metadata" width={width} height={height} {...player} />
        )
      )}
    </div>
  );
}
