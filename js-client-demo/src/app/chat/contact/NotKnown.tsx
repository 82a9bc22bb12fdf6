import { useStore } from '@nanostores/react';
import { CircleAlert } from 'lucide-react';
import { contactText } from './text';

type Props = { children: string; onRetry: () => void };

/** That something could not be fetched, until somebody has it tried again. */
export function NotKnown({ children, onRetry }: Props) {
  const { tryAgain } = useStore(contactText);
  return (
    <p className="contact-failed" role="alert">
      <CircleAlert size={16} aria-hidden="true" /> {children}{' '}
      <button type="button" className="button" onClick={onRetry}>
        {tryAgain}
      </button>
    </p>
  );
}
