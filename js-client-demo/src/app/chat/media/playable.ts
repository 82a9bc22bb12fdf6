import { type SyntheticEvent, useRef } from 'react';
import { type ShownLink, useMediaUrl } from './media-url';

type Told = SyntheticEvent<HTMLMediaElement>;

/** A link to a film or a sound, and what its player has to tell. */
type Playable = Omit<ShownLink, 'onError'> & {
  player: Record<'onTimeUpdate' | 'onError' | 'onLoadedMetadata', (told: Told) => void>;
};

/**
 * A link to what is played. Where it ends meanwhile (one may play long after it has been shown), it goes
 * on by another from where it was.
 */
export function usePlayable(id: string | null): Playable {
  const { onError, ...link } = useMediaUrl(id);
  const at = useRef(0);
  const left = useRef<{ at: number; isPlaying: boolean } | null>(null);
  return {
    ...link,
    player: {
      onTimeUpdate: ({ currentTarget }) => {
        at.current = currentTarget.currentTime;
      },
      onError: ({ currentTarget }) => {
        // Some browsers forget where they were with the failure.
        left.current = {
          at: currentTarget.currentTime || at.current,
          isPlaying: !currentTarget.paused,
        };
        onError();
      },
      onLoadedMetadata: ({ currentTarget }) => {
        const before = left.current;
        left.current = null;
        if (!before) return;
        currentTarget.currentTime = before.at;
        if (before.isPlaying) currentTarget.play().catch(() => {});
      },
    },
  };
}
