import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { deliver, newCustomer, textFrom } from './webhook.mjs';
import {
  assertConversationNew,
  assertGranted,
  assertMessageNew,
  assertReady,
  assertRefused,
  assertStored,
  assertTyping,
} from './shapes.mjs';

const named = (name) => (entry) => entry.name === name;
const isMessage = (sent) => ({ name, args }) => name === 'message:new' && args[0]?.message?.whatsappMessageId === sent.id;
const isConversationOf = (sent) => ({ name, args }) =>
  name === 'conversation:new' && digits(args[0]?.conversation?.contact?.phoneNumber) === sent.customer;
const digits = (number) => String(number).replace(/^\+/, '');
const seqOf = ({ args }) => args[0].seq;

/** Connects, ends on the transport that was asked for, and is told where the log stands; returns that `seq`. */
export async function connects(session, transport, deadline) {
  const outcome = ({ name }) => ['ready', 'connect_error', 'error'].includes(name);
  const { name, args } = await deadline.wait('ready', session.entry(outcome));
  assert.equal(name, 'ready', `${name} in place of ready: ${readable(args[0])}`);
  assertReady(args);
  assert.ok(session.log.some(named('connect')), 'ready came before connect');
  if (transport.name === 'upgrade') await deadline.wait('the upgrade', session.entry(named('upgrade')));
  assert.equal(session.socket.io.engine.transport.name, transport.endsOn, 'the transport in use');
  return args[0].seq;
}

/** A token that is not good enough is answered with the reason, and never with a connection. */
export async function isRefused(session, refusalEvent, reason, deadline) {
  const outcome = ({ name }) => ['connect', 'ready', 'connect_error', 'error', 'disconnect'].includes(name);
  const { name, args } = await deadline.wait('the refusal', session.entry(outcome));
  assert.equal(name, refusalEvent, `${name} in place of ${refusalEvent}: ${readable(args[0])}`);
  assert.match(readable(args[0]), reason);
  assert.ok(!session.socket.connected, 'connected after the refusal');
  assert.ok(!session.log.some(({ name }) => name === 'connect' || name === 'ready'), 'connected all the same');
}

/** A first message becomes a new conversation and then a message; returns what was sent and its conversation. */
export async function receivesMessage(session, { url, phoneNumberId }, readySeq, deadline) {
  const sent = textFrom(newCustomer(), phoneNumberId);
  await deliver(sent, url, deadline);
  const message = await deadline.wait('message:new', session.entry(isMessage(sent)));
  const conversation = session.log.find(isConversationOf(sent));
  assert.ok(conversation, 'no conversation:new before message:new');
  assertConversationNew(conversation, sent);
  assertMessageNew(message, sent);
  assert.ok(seqOf(conversation) > readySeq, `seq ${seqOf(conversation)} is not after the ${readySeq} of ready`);
  assert.ok(seqOf(message) > seqOf(conversation), `seq ${seqOf(message)} is not after ${seqOf(conversation)}`);
  const { conversationId } = message.args[0];
  assert.equal(conversationId, conversation.args[0].conversation.id, 'the conversation of the message');
  return { sent, conversationId };
}

/** A repeated delivery emits nothing: when a later message has come, the first was seen once. */
export async function ignoresRepeat(session, { url, phoneNumberId }, { sent, conversationId }, deadline) {
  await deliver(sent, url, deadline);
  const next = textFrom(sent.customer, phoneNumberId);
  await deliver(next, url, deadline);
  const message = await deadline.wait('the following message:new', session.entry(isMessage(next)));
  assertMessageNew(message, next);
  assert.equal(message.args[0].conversationId, conversationId, 'the conversation of the following message');
  assert.equal(session.log.filter(isMessage(sent)).length, 1, 'how often message:new came');
  assert.equal(session.log.filter(isConversationOf(sent)).length, 1, 'how often conversation:new came');
  const live = session.stored();
  live.forEach(assertStored);
  assertAscending(live);
}

/** A visible conversation can be joined; any other is refused, and a foreign one looks like none at all. */
export async function joinsOnlyVisible(session, { foreignConversation }, conversationId, deadline) {
  const ask = async (event, argument) => {
    const what = `${event} ${JSON.stringify(argument)}`;
    return { what, ...(await deadline.wait(`the ack of ${what}`, session.ask(event, argument))) };
  };
  const granted = async (event, argument) => {
    const { what, answer } = await ask(event, argument);
    return assertGranted(what, answer);
  };
  const refused = async (event, argument) => {
    const { what, answer } = await ask(event, argument);
    return assertRefused(what, answer);
  };
  await granted('conversation:join', conversationId);
  const absent = randomUUID();
  const ofForeign = await refused('conversation:join', foreignConversation);
  const ofAbsent = await refused('conversation:join', absent);
  assert.deepEqual(
    without(foreignConversation, ofForeign),
    without(absent, ofAbsent),
    'a foreign conversation and none at all are answered differently',
  );
  for (const rubbish of ['x', null, {}, 7]) await refused('conversation:join', rubbish);
  await granted('conversation:leave', conversationId);
}

/** A colleague who types is heard by whoever looks at the conversation, until they stop. */
export async function hearsTyping(session, colleague, conversationId, deadline) {
  const granted = async (who, event) => {
    const { answer } = await deadline.wait(`the ack of ${event}`, who.ask(event, conversationId));
    return assertGranted(event, answer);
  };
  await granted(session, 'conversation:join');
  await deadline.wait('ready of the colleague', colleague.entry(named('ready')));
  for (const name of ['typing:start', 'typing:stop']) {
    await granted(colleague, name);
    assertTyping(await deadline.wait(name, session.entry(named(name))), conversationId);
  }
  assert.ok(!colleague.log.some(({ name }) => name.startsWith('typing:')), 'the colleague hears of their own typing');
  await granted(session, 'conversation:leave');
}

/** What came since `readySeq` comes once more, in order and unchanged, and then the ack. */
export async function syncs(session, readySeq, deadline) {
  const live = session.stored();
  const from = session.log.length;
  const { answer, arrived } = await deadline.wait('the ack of sync', session.ask('sync', { after: readySeq }));
  const ack = assertGranted('sync', answer);
  assert.equal(ack.complete, true, `complete is ${JSON.stringify(ack.complete)}`);
  assert.ok(Number.isSafeInteger(ack.seq), `seq is ${JSON.stringify(ack.seq)}`);

  const since = session.stored(from, arrived);
  // What was live and still on its way arrives before the replay, which goes back to events that were seen already.
  const start = since.findIndex((event) => seqOf(event) <= seqOf(live.at(-1)));
  assert.notEqual(start, -1, 'nothing came again before the ack');
  const replay = since.slice(start);
  replay.forEach(assertStored);
  assertAscending(replay);
  assert.ok(seqOf(replay[0]) > readySeq, `event ${seqOf(replay[0])} is not after ${readySeq}`);
  assert.ok(ack.seq >= seqOf(replay.at(-1)), `the ack says ${ack.seq}, the last event is ${seqOf(replay.at(-1))}`);
  for (const event of [...live, ...since.slice(0, start)]) {
    const again = replay.find((other) => seqOf(other) === seqOf(event));
    assert.deepEqual(again, event, `event ${seqOf(event)} came again as ${JSON.stringify(again)}`);
  }
}

function assertAscending(events) {
  const seqs = events.map(seqOf);
  const ordered = seqs.every((seq, index) => index === 0 || seq > seqs[index - 1]);
  assert.ok(ordered, `the events came as ${seqs.join(', ')}`);
}

/** The same answer with the id blanked, which alone may differ. */
const without = (id, answer) => JSON.parse(JSON.stringify(answer).replaceAll(id, '…'));

/** The text of a refusal: an Error, a string (2.x), or an object. */
const readable = (reason) => (typeof reason === 'string' ? reason : (reason?.message ?? JSON.stringify(reason) ?? 'nothing'));
