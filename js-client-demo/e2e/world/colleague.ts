import { io, type Socket } from 'socket.io-client';
import type { Server } from './server';

/** Somebody of the team who works elsewhere: seen only by what they do in conversations. */
export class Colleague {
  readonly #socket: Socket;

  constructor(server: Server, token: string) {
    this.#socket = io(server.url, { auth: { token }, transports: ['websocket'] });
  }

  /** Looks at a conversation, begins to type there, and goes elsewhere. */
  async passes(conversation: string): Promise<void> {
    await this.#does('conversation:join', conversation);
    for (const doing of ['viewing', 'typing']) await this.#does(`${doing}:start`, conversation);
    for (const doing of ['typing', 'viewing']) await this.#does(`${doing}:stop`, conversation);
    await this.#does('conversation:leave', conversation);
  }

  comes(): void {
    this.#socket.connect();
  }

  goes(): void {
    this.#socket.disconnect();
  }

  /** A server that is away is told nothing. */
  async #does(what: string, conversation: string): Promise<void> {
    if (this.#socket.connected) await this.#socket.timeout(5_000).emitWithAck(what, conversation);
  }
}
