import { gist, gistOfUpdate } from './record.mjs';
import { pause } from './wait.mjs';

const WAIT_SECONDS = 2;
const POLL_EVERY = 150;
const LIMITS = [20, 200, 1000];

/** Server-sent events, read as browsers do: an event counts when the blank line after it is there. */
export function stream(context) {
  return loop(context, async ({ url, token, record }, signal, ready) => {
    record.last ??= await endOfLog({ url, token }, signal);
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream', 'last-event-id': String(record.last) };
    const answer = await fetch(`${url}/api/events/stream`, { headers, signal });
    expect(answer, record);
    ready();
    const text = new TextDecoder();
    let rest = '';
    for await (const chunk of answer.body) {
      const blocks = (rest + text.decode(chunk, { stream: true })).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const { id, event, data } = fields(block);
        if (data === undefined || signal.aborted) continue;
        const seq = Number(id);
        record.last = seq;
        record.take(seq, gist(event, JSON.parse(data)));
      }
    }
    throw new Error('the stream has ended');
  });
}

/** Long polling by number. */
export function polling(context) {
  return loop(context, async ({ url, token, record, random }, signal, ready) => {
    record.last ??= await endOfLog({ url, token }, signal);
    ready();
    const query = `after=${record.last}&wait=${WAIT_SECONDS}&limit=${random.pick(LIMITS)}`;
    const answer = await fetch(`${url}/api/events?${query}`, { headers: { authorization: `Bearer ${token}` }, signal });
    expect(answer, record);
    const { events, seq } = await answer.json();
    for (const { seq: number, event, data } of events) {
      if (signal.aborted) return;
      record.last = number;
      record.take(number, gist(event, data));
    }
    if (!signal.aborted) record.last = seq;
  });
}

/** Polling by the clock, as clients did before there was anything else. */
export function legacyPolling(context) {
  let timestamp;
  return loop(context, async ({ url, token, record }, signal, ready) => {
    const query = timestamp === undefined ? '' : `?last_check=${encodeURIComponent(timestamp)}`;
    const answer = await fetch(`${url}/api/chats/check-updates/${query}`, { headers: { authorization: `Bearer ${token}` }, signal });
    expect(answer, record);
    const { timestamp: next, updates } = await answer.json();
    timestamp = next;
    for (const update of updates) record.take(update.seq, gistOfUpdate(update));
    ready();
    await pause(POLL_EVERY);
  });
}

/** The number of the newest event. */
export async function endOfLog({ url, token }, signal) {
  const answer = await fetch(`${url}/api/events`, { headers: { authorization: `Bearer ${token}` }, signal });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return (await answer.json()).seq;
}

/** Takes the step again and again; after a failure it comes back a little later, from its cursor. */
function loop(context, step) {
  const { record, random } = context;
  const controller = new AbortController();
  const { signal } = controller;
  const ready = new Promise((resolve) => {
    const run = async () => {
      while (!signal.aborted) {
        try {
          await step(context, signal, resolve);
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof SyntaxError && !/JSON/.test(error.message)) throw error;
          record.reconnects += 1;
          await pause(random.between(50, 300));
        }
      }
    };
    run();
  });
  return { ready, transport: () => 'http', stop: () => controller.abort() };
}

function expect(answer, record) {
  if (answer.ok) return;
  // Not available for the moment is what a client has to live with; anything else is not.
  if (answer.status < 500) record.note(`answered ${answer.status}`);
  throw new Error(`answered ${answer.status}`);
}

function fields(block) {
  const found = {};
  for (const line of block.split('\n')) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name) found[name] = value;
  }
  return found;
}
