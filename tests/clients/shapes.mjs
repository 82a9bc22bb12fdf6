import assert from 'node:assert/strict';

const STATUSES = ['PENDING', 'SENT', 'DELIVERED', 'READ', 'FAILED'];

const text = (value) => typeof value === 'string' && value !== '';
const object = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const count = (value) => Number.isSafeInteger(value) && value >= 0;
const time = (value) =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/.test(value) &&
  !Number.isNaN(Date.parse(value));
const given = (value) => value !== undefined;
const orNull = (fits) => (value) => value === null || fits(value);
const oneOf = (...allowed) => (value) => allowed.includes(value);

/** Checks each named field; more fields than these may be there. */
function fields(what, value, expected) {
  assert.ok(object(value), `${what} is not an object: ${JSON.stringify(value)}`);
  for (const [field, fits] of Object.entries(expected)) {
    assert.ok(fits(value[field]), `${what}.${field} is ${JSON.stringify(value[field])}`);
  }
}

const contact = (customer) => ({ id: text, phoneNumber: digitsOf(customer), name: orNull(text) });
const digitsOf = (customer) => (value) => typeof value === 'string' && value.replace(/^\+/, '') === customer;

/** `ready` is not stored, so it must not end in a string: the client would take it for an offset. */
export function assertReady(args) {
  fields('ready', args[0], { seq: count, user: object, serverTime: time });
  assert.notEqual(typeof args.at(-1), 'string', 'the last argument of ready is a string');
}

/** A signal is not stored, and so must not end in a string either. */
export function assertTyping({ name, args }, conversationId) {
  fields(name, args[0], { conversationId: oneOf(conversationId), user: object });
  fields(`${name}.user`, args[0].user, { id: text, name: text, kind: oneOf('AGENT') });
  assert.notEqual(typeof args.at(-1), 'string', `the last argument of ${name} is a string`);
}

/** A stored event has its number in the payload, and once more as a string in the last argument. */
export function assertStored({ name, args }) {
  fields(name, args[0], { seq: count });
  assert.equal(args.length, 2, `${name} has ${args.length} arguments, not the payload and the offset`);
  assert.equal(args[1], String(args[0].seq), `the offset of ${name}`);
}

/** The `conversation:new` of a customer who has written for the first time. */
export function assertConversationNew(event, sent) {
  assertStored(event);
  const [{ conversation }] = event.args;
  fields('conversation', conversation, {
    id: text,
    status: text,
    stageId: orNull(text),
    contact: object,
    unreadCount: count,
    lastMessage: given,
    lastMessageAt: orNull(time),
  });
  fields('conversation.contact', conversation.contact, contact(sent.customer));
}

/** The `message:new` of the text that was sent. */
export function assertMessageNew(event, sent) {
  assertStored(event);
  const [payload] = event.args;
  fields('message:new', payload, { conversationId: text, message: object });
  fields('message', payload.message, {
    id: text,
    whatsappMessageId: oneOf(sent.id),
    direction: oneOf('INBOUND'),
    type: oneOf('TEXT'),
    content: oneOf(sent.content),
    metadata: object,
    status: oneOf(...STATUSES),
    timestamp: time,
    contact: object,
  });
  fields('message.metadata', payload.message.metadata, { kind: oneOf('text') });
  fields('message.contact', payload.message.contact, contact(sent.customer));
}

/** A granted request. */
export function assertGranted(what, answer) {
  assert.equal(answer.length, 1, `${what}: the ack has ${answer.length} arguments`);
  assert.equal(answer[0]?.ok, true, `${what}: the ack is ${JSON.stringify(answer[0])}`);
  return answer[0];
}

/** A refused request. */
export function assertRefused(what, answer) {
  assert.equal(answer.length, 1, `${what}: the ack has ${answer.length} arguments`);
  assert.equal(answer[0]?.ok, false, `${what}: the ack is ${JSON.stringify(answer[0])}`);
  fields(`${what}: error`, answer[0].error, { code: text, message: text });
  return answer[0];
}
