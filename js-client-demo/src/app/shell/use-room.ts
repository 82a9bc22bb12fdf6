import { useEffect } from 'react';
import { useLive } from '../../hooks';
import { tell } from '../ui/toasts';
import { shellText } from './text';

/** Tells that the device keeps nothing of what is written: once, until there has been room again. */
export function useRoom(): void {
  const hasNoRoom = useLive((state) => state.hasNoRoom);
  useEffect(() => {
    if (hasNoRoom) tell(shellText.get().noRoom);
  }, [hasNoRoom]);
}
