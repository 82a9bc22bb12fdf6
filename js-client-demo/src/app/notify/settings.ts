import { persistentAtom } from '@nanostores/persistent';
import type { Api } from '../../inbox-client';

const json = { encode: JSON.stringify, decode: JSON.parse };

/** Whether messages ring. */
export const sound = persistentAtom<boolean>('recado.sound', true, json);

/** How loud, from 0 to 1. */
export const volume = persistentAtom<number>('recado.volume', 0.5, json);

/** Whether the system shows messages while no tab is in sight. */
export const desktop = persistentAtom<boolean>('recado.desktop', false, json);

/**
 * Switches the system's notifications on or off; asks for permission only when they are wanted. Who has
 * them on is told also while no tab is open, for which `useNotifications` subscribes.
 */
export async function wantDesktop(isWanted: boolean, api: Api): Promise<void> {
  const isAllowed = isWanted && (await Notification.requestPermission()) === 'granted';
  desktop.set(isAllowed);
  if (!isWanted) await import('./push').then(({ unsubscribe }) => unsubscribe(api)).catch(() => {});
}
