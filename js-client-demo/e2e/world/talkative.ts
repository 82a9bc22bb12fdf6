import type { Customer } from './customer';
import type { World } from './world';

/** A customer who has written a lot, all of it read. */
export async function talkative(
  world: World,
  name: string,
  count: number,
  instead: Record<number, string> = {},
): Promise<Customer> {
  const customer = world.customer(name);
  const begin = Math.floor(Date.now() / 1_000) - count * 60;
  const messages = Array.from({ length: count }, (_, n) => ({
    type: 'text',
    timestamp: String(begin + n * 60),
    text: { body: instead[n] ?? `Mensagem ${n}. ${'Texto de tamanho variável. '.repeat(n % 4)}` },
  }));
  for (let at = 0; at < count; at += 100) await customer.saysAll(messages.slice(at, at + 100));
  const id = await customer.conversation();
  await world.ada.asks(`/api/conversations/${id}/read`, 'POST');
  return customer;
}
