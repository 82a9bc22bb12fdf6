import { useStore } from '@nanostores/react';
import { Pause, Play } from 'lucide-react';
import { useRef, useState } from 'react';
import type { Entry } from '../../../inbox-client';
import { NotThere } from './NotThere';
import { usePlayable } from './playable';
import { mediaText } from './text';

const speeds = [1, 1.5, 2];
/** Of all players one plays. */
let playing: HTMLAudioElement | null = null;

/** A sound: played, stopped, sought in, and hurried. */
export function Sound({ entry }: { entry: Entry }) {
  const text = useStore(mediaText);
  const { media } = entry.metadata;
  const link = usePlayable(media?.state === 'stored' ? media.id : null);
  const { url, hasFailed, retry, player } = link;
  const audio = useRef<HTMLAudioElement>(null);
  const [isPlaying, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [length, setLength] = useState(0);
  const [speed, setSpeed] = useState(1);
  if (media?.state !== 'stored' || hasFailed) {
    return (
      <div className="sound">
        <NotThere media={media} onRetry={hasFailed ? retry : undefined} />
      </div>
    );
  }
  const toggle = () => {
    const { current } = audio;
    if (!current) return;
    if (!current.paused) return current.pause();
    current.play().catch(() => setPlaying(false));
  };
  return (
    <div className="sound">
      <button
        type="button"
        className="sound-play"
        aria-label={isPlaying ? text.pause : text.play}
        onClick={toggle}
      >
        {isPlaying ? <Pause size={18} aria-hidden="true" /> : <Play size={18} aria-hidden="true" />}
      </button>
      <input
        type="range"
        min={0}
        max={length || 1}
        step={0.1}
        value={at}
        aria-label={text.position}
        aria-valuetext={`${clock(at)} / ${clock(length)}`}
        onChange={(event) => {
          const to = Number(event.target.value);
          setAt(to);
          if (audio.current) audio.current.currentTime = to;
        }}
      />
      <span className="sound-time">{clock(isPlaying || at > 0 ? at : length)}</span>
      <button
        type="button"
        className="sound-speed"
        aria-label={`${text.speed}: ${speed}×`}
        onClick={() => {
          const next = speeds[(speeds.indexOf(speed) + 1) % speeds.length] ?? 1;
          setSpeed(next);
          if (audio.current) audio.current.playbackRate = next;
        }}
      >
        {speed}×
      </button>
      {url && (
        // biome-ignore lint/a11y/useMediaCaption: what people say on the phone has no captions
        <audio
          ref={audio}
          src={url}
          preload="metadata"
          onLoadedMetadata={player.onLoadedMetadata}
          onPlay={({ currentTarget }) => {
            if (playing !== currentTarget) playing?.pause();
            playing = currentTarget;
            currentTarget.playbackRate = speed;
            setPlaying(true);
          }}
          onPause={() => setPlaying(false)}
          onEnded={() => setAt(0)}
          onTimeUpdate={(event) => {
            setAt(event.currentTarget.currentTime);
            player.onTimeUpdate(event);
          }}
          onError={(event) => {
            setPlaying(false);
            player.onError(event);
          }}
          onDurationChange={({ currentTarget: { duration } }) =>
            setLength(Number.isFinite(duration) ? duration : 0)
          }
        />
      )}
    </div>
  );
}

/** Minutes and seconds. */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
