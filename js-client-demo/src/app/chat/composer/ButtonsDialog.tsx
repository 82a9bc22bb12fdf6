import { useStore } from '@nanostores/react';
import type { Post } from '../../../inbox-client';
import { SendDialog } from './SendDialog';
import { composerText } from './text';

type Props = { onSend: (post: Post) => void; onClose: () => void };

const numbers = [1, 2, 3];

/** Asks the customer something, with up to three buttons to answer with. */
export function ButtonsDialog({ onSend, onClose }: Props) {
  const text = useStore(composerText);
  function send(fields: FormData) {
    const titles = numbers
      .map((n) => String(fields.get(`button-${n}`) ?? '').trim())
      .filter(Boolean);
    const buttons = titles.map((title, at) => ({
      type: 'reply',
      reply: { id: `${at + 1}`, title },
    }));
    const interactive = { type: 'button', body: { text: fields.get('body') }, action: { buttons } };
    onSend({ content: '', interactive } as unknown as Post);
  }
  return (
    <SendDialog title={text.sendButtons} onSend={send} onClose={onClose}>
      <label>
        {text.buttonsBody}
        <textarea name="body" rows={3} dir="auto" required maxLength={1024} />
      </label>
      {numbers.map((n) => (
        <label key={n}>
          {text.button({ n })}
          <input name={`button-${n}`} dir="auto" required={n === 1} maxLength={20} />
        </label>
      ))}
    </SendDialog>
  );
}
