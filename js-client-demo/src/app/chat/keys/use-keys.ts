import { useEffect, useRef } from 'react';

/** What keys do on this screen; each says what to do when it is pressed outside of fields. */
export type Keys = {
  step: (by: 1 | -1) => void;
  reply: () => void;
  note: () => void;
  resolve: () => void;
  markUnread: () => void;
  search: () => void;
  find: () => void;
  leave: () => void;
  help: () => void;
};

/** Hears the keys of the screen. Those of fields, dialogs and menus are theirs. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      const act = actOf(event, latest.current);
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', hear);
    return () => removeEventListener('keydown', hear);
  }, []);
}

function actOf(event: KeyboardEvent, keys: Keys): (() => void) | undefined {
  if (event.defaultPrevented || event.isComposing) return;
  const target = event.target as HTMLElement;
  if (document.querySelector('dialog[open], [popover]:popover-open')) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') return keys.search;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.closest('input, textarea, select, [contenteditable]')) return;
  switch (event.key) {
    case 'j':
      return () => keys.step(1);
    case 'k':
      return () => keys.step(-1);
    case 'Enter':
      // What has the focus and does something, does it.
      return target.closest('button, a, summary') ? undefined : keys.reply;
    case 'r':
      return keys.reply;
    case 'n':
      return keys.note;
    case 'e':
      return keys.resolve;
    case 'u':
      return keys.markUnread;
    case 'f':
      return keys.find;
    case '/':
      return keys.search;
    case '?':
      return keys.help;
    case 'Escape':
      return keys.leave;
    default:
      return undefined;
  }
}
