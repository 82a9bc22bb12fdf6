// @vitest-environment happy-dom
import { act, cleanup, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../hooks';
import { memoryStorage } from '../../inbox-client/storage';
import { inboxOf } from '../../inbox-client/testing/inboxes';
import { toasts } from '../ui/toasts';
import { useRoom } from './use-room';

afterEach(() => {
  cleanup();
  toasts.set([]);
});

test('that the device keeps nothing of what is written is told once, until it has room again', () => {
  const storage = memoryStorage();
  const { setItem } = storage;
  let isFull = true;
  storage.setItem = (key, value) => {
    if (isFull) throw new DOMException('', 'QuotaExceededError');
    setItem(key, value);
  };
  const inbox = inboxOf(() => new Promise(() => {}), { storage });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <InboxContext value={inbox}>{children}</InboxContext>
  );
  renderHook(useRoom, { wrapper });
  const writes = (content: string) => act(() => void inbox.send('c', content));
  const told = () => toasts.get().map(({ words }) => words);
  expect(told()).toEqual([]);

  for (const content of ['1', '2', '3']) writes(content);
  expect(told()).toEqual([expect.stringContaining('não tem espaço para guardar mensagens')]);

  isFull = false;
  writes('4');
  expect(told()).toHaveLength(1);
  isFull = true;
  writes('5');
  expect(told()).toHaveLength(2);
});
