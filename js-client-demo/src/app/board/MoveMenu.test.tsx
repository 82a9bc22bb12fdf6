// @vitest-environment happy-dom
import { cleanup, render } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MoveMenu } from './MoveMenu';

beforeEach(() => {
  document.body.replaceChildren();
  // There are no popovers here.
  HTMLElement.prototype.showPopover = () => {};
});

afterEach(cleanup);

const stages = ['new', 'done'].map((id) => ({
  id,
  name: id,
  color: '#0a72c4',
  total: 1,
  unread: 0,
}));

/** The link of a card, as a column draws it. */
function drawn(): HTMLElement {
  const card = document.createElement('article');
  card.dataset.card = 'c';
  const link = document.createElement('a');
  link.href = '/chat/c';
  card.append(link);
  document.body.append(card);
  return link;
}

/** The menu of a card that asks where to. */
function menuOf(anchor: HTMLElement) {
  const asking = { id: 'c', stageId: 'new', anchor };
  const menu = <MoveMenu {...{ asking, stages, onChoose: () => {}, onClose: () => {} }} />;
  return render(menu);
}

test('a card that has moved has the focus in its new column', () => {
  const before = drawn();
  const menu = menuOf(before);

  before.parentElement?.remove();
  const after = drawn();
  menu.unmount();

  expect(document.activeElement).toBe(after);
});

test('one that has not has it where it asked', () => {
  const link = drawn();
  const menu = menuOf(link);

  menu.unmount();

  expect(document.activeElement).toBe(link);
});
