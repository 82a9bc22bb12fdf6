import { useStore } from '@nanostores/react';
import { useRef, useState } from 'react';
import { settingsText } from './text';

/** Words that are to be taken elsewhere, as they are. */
export function Copyable({ label, words }: { label: string; words: string }) {
  const text = useStore(settingsText);
  const shown = useRef<HTMLElement>(null);
  const [isCopied, setCopied] = useState(false);

  async function copy() {
    try {
      await navigator.clipboard.writeText(words);
      setCopied(true);
    } catch {
      // The browser keeps the clipboard to itself, as it does on pages without https: the hand can copy.
      if (shown.current) getSelection()?.selectAllChildren(shown.current);
    }
  }

  return (
    <div className="copyable">
      <span>{label}</span>
      <code ref={shown}>{words}</code>
      <button type="button" className="button" aria-label={`${text.copy}: ${label}`} onClick={copy}>
        {isCopied ? text.copied : text.copy}
      </button>
    </div>
  );
}
