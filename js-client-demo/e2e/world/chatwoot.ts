import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

const customer = { id: 14, name: 'Bea Nunes', phone_number: '+5511988880014', type: 'contact' };

/** A Chatwoot with one account and one conversation in it, whose webhooks are all lost. */
export class Chatwoot {
  /** The token that its API takes. */
  readonly token = 'token-of-an-agent';
  readonly #http: Server;
  readonly #said: Record<string, unknown>[] = [];
  #saidAt = now();

  private constructor() {
    this.#http = createServer((request, response) => this.#answer(request, response));
  }

  static async open(): Promise<Chatwoot> {
    const chatwoot = new Chatwoot();
    chatwoot.#http.listen(0, '127.0.0.1');
    await once(chatwoot.#http, 'listening');
    return chatwoot;
  }

  close(): void {
    this.#http.closeAllConnections();
    this.#http.close();
  }

  get url(): string {
    const address = this.#http.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  /** The customer says something, of which no webhook tells. */
  says(content: string): void {
    this.#saidAt = now();
    this.#said.push({
      ...{ id: 101 + this.#said.length, content, content_type: 'text', content_attributes: {} },
      ...{
        message_type: 0,
        private: false,
        source_id: null,
        status: 'sent',
        created_at: this.#saidAt,
      },
      ...{ conversation_id: 1, inbox_id: 3, sender: customer },
    });
  }

  #answer({ url, headers }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams: asked } = new URL(url ?? '', this.url);
    const isAdmitted = headers.api_access_token === this.token;
    response.writeHead(isAdmitted ? 200 : 401, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(isAdmitted ? this.#find(pathname, asked) : {}));
  }

  #find(path: string, asked: URLSearchParams): unknown {
    if (path.endsWith('/messages')) {
      const after = Number(asked.get('after'));
      return { payload: this.#said.filter(({ id }) => Number(id) >= after) };
    }
    if (!path.endsWith('/conversations')) return [];
    const talk = {
      ...{ id: 1, inbox_id: 3, status: 'open', labels: [], unread_count: 1, messages: [] },
      ...{ meta: { sender: customer, assignee: null }, updated_at: this.#saidAt },
    };
    return { data: { meta: {}, payload: asked.get('page') === '1' ? [talk] : [] } };
  }
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}
