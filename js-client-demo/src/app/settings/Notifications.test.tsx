// @vitest-environment happy-dom
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { InboxContext } from '../../hooks';
import type { Inbox } from '../../inbox-client';
import { Notifications } from './Notifications';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test.each<[string, unknown, boolean, RegExp]>([
  ['has none for sites', undefined, false, /^Este navegador não mostra avisos de sites/],
  ['blocks them', { permission: 'denied' }, false, /^O navegador bloqueia avisos deste site/],
  ['has not been asked', { permission: 'default' }, true, /^Aparecem quando nenhuma aba/],
])('the system’s notices of a browser that %s', (_, notices, canSwitch, told) => {
  vi.stubGlobal('Notification', notices);

  render(
    <InboxContext value={{} as Inbox}>
      <Notifications />
    </InboxContext>,
  );

  const box = screen.getByRole<HTMLInputElement>('checkbox', { name: 'Avisos do sistema' });
  expect(box.disabled).toBe(!canSwitch);
  expect(screen.queryByText(told)).not.toBeNull();
});
