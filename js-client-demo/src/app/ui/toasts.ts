import { atom } from 'nanostores';

/** A word to the user that goes away by itself. */
export type Toast = {
  id: number;
  words: string;
  tone: 'plain' | 'bad';
  /** Takes back what the toast tells of. */
  undo?: () => void;
};

/** How long a toast stays; one that can be undone gives more time to think. */
const staysMs = 5_000;
const undoStaysMs = 8_000;

let last = 0;

/** What is told now, the newest last. */
export const toasts = atom<Toast[]>([]);

/** Tells the user something, and for some time how to take it back. */
export function tell(
  words: string,
  { undo, tone = 'plain' }: Partial<Pick<Toast, 'undo' | 'tone'>> = {},
): void {
  last += 1;
  const toast = { id: last, words, tone, ...(undo && { undo }) };
  toasts.set([...toasts.get().slice(-2), toast]);
  setTimeout(dismiss, undo ? undoStaysMs : staysMs, toast.id);
}

/** Takes a toast away. */
export function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}
