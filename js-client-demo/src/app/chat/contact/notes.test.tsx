// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, expect, test } from 'vitest';
import { InboxContext } from '../../../hooks';
import type { Inbox } from '../../../inbox-client';
import type { Details } from './details';
import { Notes } from './Notes';

afterEach(cleanup);

/** The notes about somebody on a page, and what it hands to the server, which takes it when it may. */
function page() {
  const it = { saved: [] as string[], may: Promise.resolve() };
  const known = (notes: string) => ({ id: 'ana', notes }) as Details;
  const PATCH = async (_: string, { body }: { body: { notes: string } }) => {
    it.saved.push(body.notes);
    await it.may;
    return { data: known(body.notes), response: new Response() };
  };
  let learn = (_: Details) => {};
  function Panel() {
    const [details, setDetails] = useState(known('VIP'));
    learn = setDetails;
    return <Notes details={details} onSaved={setDetails} />;
  }
  const inbox = { api: { PATCH } } as unknown as Inbox;
  render(
    <InboxContext value={inbox}>
      <Panel />
    </InboxContext>,
  );
  const field = screen.getByRole<HTMLTextAreaElement>('textbox');
  const settle = () => act(() => new Promise((resolve) => setTimeout(resolve, 10)));
  return Object.assign(it, {
    settle,
    shown: () => field.value,
    writes: (value: string) => fireEvent.change(field, { target: { value } }),
    leaves: async () => {
      fireEvent.blur(field);
      await settle();
    },
    /** A colleague has noted something, and the page has been told. */
    hears: (notes: string) => act(() => learn(known(notes))),
  });
}

test('who merely looks at notes sees what colleagues write, and does not overwrite it', async () => {
  const it = page();

  it.hears('VIP, paga por pix');
  expect(it.shown()).toBe('VIP, paga por pix');
  await it.leaves();

  expect(it.saved).toEqual([]);
});

test('what is written is kept when one leaves the field, and what is written on meanwhile stays', async () => {
  const it = page();
  let comes = () => {};
  it.may = new Promise((resolve) => {
    comes = resolve;
  });

  it.writes('VIP desde 2019');
  await it.leaves();
  it.writes('VIP desde 2019!');
  comes();
  await it.settle();
  expect(it.saved).toEqual(['VIP desde 2019']);
  expect(it.shown()).toBe('VIP desde 2019!');
  await it.leaves();

  expect(it.saved).toEqual(['VIP desde 2019', 'VIP desde 2019!']);
});
