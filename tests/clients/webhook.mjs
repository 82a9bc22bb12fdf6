import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';

/** A Brazilian mobile number that nobody has written from before. */
export const newCustomer = () => `55119${randomInt(10 ** 8).toString().padStart(8, '0')}`;

/** A text message as WhatsApp's Cloud API delivers it, with an id that is not known yet. */
export function textFrom(customer, phoneNumberId) {
  const id = `wamid.${randomUUID()}`;
  const content = `Olá 👋 ${id}`;
  const message = {
    from: customer,
    id,
    timestamp: String(Math.floor(Date.now() / 1000)),
    type: 'text',
    text: { body: content },
  };
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '5511999999999', phone_number_id: phoneNumberId },
    messages: [message],
  };
  const body = JSON.stringify({ entry: [{ id: 'test-entry', changes: [{ value }] }] });
  return { id, content, customer, body };
}

/** Delivers a message, unsigned; only 200 means that the server has it. */
export async function deliver({ body }, url, deadline) {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    signal: deadline.signal,
  };
  const response = await deadline.wait('the answer to the webhook', fetch(new URL('/webhooks/whatsapp', url), request));
  const answer = await deadline.wait('the body of the answer to the webhook', response.text());
  assert.equal(response.status, 200, `the webhook answered ${response.status} ${answer}`);
}
