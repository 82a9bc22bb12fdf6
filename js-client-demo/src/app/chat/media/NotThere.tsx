import { useStore } from '@nanostores/react';
import { ImageOff, LoaderCircle } from 'lucide-react';
import type { Media } from '../../../inbox-client';
import { threadText } from '../thread/text';
import { mediaText } from './text';

type Props = { media: Media | undefined; onRetry?: (() => void) | undefined };

/** A file that is not there yet, or will not come, and why. */
export function NotThere({ media, onRetry }: Props) {
  const text = useStore(mediaText);
  const { tryAgain } = useStore(threadText);
  const isComing = media?.state === 'wanted' && !onRetry;
  const Icon = isComing ? LoaderCircle : ImageOff;
  return (
    <span className="not-there" data-coming={isComing}>
      <Icon size={20} aria-hidden="true" />
      {isComing ? text.coming : whyNot(media?.error, text)}
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          {tryAgain}
        </button>
      )}
    </span>
  );
}

const reasons = ['gone', 'expired', 'too_large', 'checksum', 'forbidden', 'unreachable'] as const;

function whyNot(
  error: string | undefined,
  text: Record<(typeof reasons)[number] | 'failed', string>,
) {
  return text[reasons.find((reason) => reason === error) ?? 'failed'];
}
