import { useStore } from '@nanostores/react';
import type { QueryKey } from '@tanstack/react-query';
import { CircleAlert, RefreshCw } from 'lucide-react';
import { useAnew } from '../rest';
import { shellText } from '../shell/text';
import { dashboardText } from './text';

/** That figures could not be had, until somebody has them tried again. */
export function NoFigures({ of }: { of: QueryKey }) {
  const text = useStore(dashboardText);
  const { tryAgain } = useStore(shellText);
  const askAnew = useAnew(of);
  return (
    <div className="empty" role="alert">
      <CircleAlert size={28} aria-hidden="true" />
      <strong>{text.failed}</strong>
      <button type="button" className="button" onClick={askAnew}>
        <RefreshCw size={15} aria-hidden="true" /> {tryAgain}
      </button>
    </div>
  );
}
