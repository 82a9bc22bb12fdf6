import type { Person } from './person';
import type { Server } from './server';

let people = 0;
let messages = 0;

/** Somebody who writes to the demo's WhatsApp number. */
export class Customer {
  readonly name: string;
  readonly phone: string;
  readonly #server: Server;
  readonly #ada: Person;

  constructor(name: string, server: Server, ada: Person) {
    people += 1;
    this.name = name;
    this.phone = `55119${String(80_000_000 + people)}`;
    this.#server = server;
    this.#ada = ada;
  }

  /** Writes a text, as WhatsApp tells of it. Returns the message's name there. */
  async says(body: string, more: Record<string, unknown> = {}): Promise<string> {
    const [id] = await this.saysAll([{ type: 'text', text: { body }, ...more }]);
    return id ?? '';
  }

  /** Writes several things at once. */
  async saysAll(all: Record<string, unknown>[]): Promise<string[]> {
    const timestamp = secondsAgo(0);
    const named = all.map((message) => {
      messages += 1;
      const id = `wamid.e2e.${process.pid}.${messages}`;
      return { from: this.phone, id, timestamp, ...message };
    });
    const contacts = [{ wa_id: this.phone, profile: { name: this.name } }];
    await this.#server.webhook('messages', { contacts, messages: named });
    return named.map(({ id }) => id);
  }

  /** Their conversation's id. */
  async conversation(): Promise<string> {
    const path = `/api/conversations?q=${this.phone.slice(-8)}`;
    const { conversations } = await this.#ada.asks<{ conversations: { id: string }[] }>(path);
    const [found] = conversations;
    if (!found) throw new Error(`${this.name} has not written`);
    return found.id;
  }
}

/** A time as WhatsApp writes it. */
export function secondsAgo(seconds: number): string {
  return String(Math.floor(Date.now() / 1_000) - seconds);
}
