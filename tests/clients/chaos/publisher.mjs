import { pause } from './wait.mjs';

const IN_FLIGHT = 4;
const MOST_AT_ONCE = 8;
const MOST_PEOPLE = 300;
const EVENTS_PER_MESSAGE = 2;
const PATIENCE = 10_000;

/** Posts `message 1`, `message 2`, … as WhatsApp would: again and again until the answer is 200. */
export class Publisher {
  /** How many messages the server has acknowledged, and how many requests it took. */
  acknowledged = 0;
  requests = 0;
  retries = 0;
  people = new Set();
  /** When each message was acknowledged, by its text. */
  taken = new Map();
  #next = 1;
  #url;
  #phone;
  #random;
  #run = Date.now().toString(36);
  #numberOfPeople;

  constructor(url, phone, messages, random) {
    this.#url = url;
    this.#phone = phone;
    this.#random = random;
    this.#numberOfPeople = Math.max(1, Math.min(MOST_PEOPLE, Math.floor(messages / 4)));
  }

  /** Posts up to message number `last`, at about `rate` events per second; calls back after each webhook. */
  async publish(last, rate, onProgress = () => {}) {
    const began = Date.now();
    const first = this.#next;
    const worker = async () => {
      while (this.#next <= last) {
        const early = began + ((this.#next - first) * EVENTS_PER_MESSAGE * 1000) / rate - Date.now();
        if (early > 0) await pause(early);
        const messages = [];
        for (let wanted = this.#random.between(1, MOST_AT_ONCE); wanted > 0 && this.#next <= last; wanted -= 1) {
          messages.push(this.#message(this.#next));
          this.#next += 1;
        }
        if (messages.length === 0) return;
        await this.#deliver(messages);
        this.acknowledged += messages.length;
        for (const { text } of messages) this.taken.set(text.body, Date.now());
        onProgress(this.acknowledged);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  }

  /** When the first webhook after `moment` was acknowledged. */
  firstTaken(moment) {
    return Math.min(...[...this.taken.values()].filter((at) => at >= moment));
  }

  #message(number) {
    const from = `55119${String(70_000_000 + this.#random.between(1, this.#numberOfPeople))}`;
    this.people.add(from);
    const timestamp = String(Math.floor(Date.now() / 1000));
    return { from, id: `wamid.${this.#run}.${number}`, timestamp, type: 'text', text: { body: `message ${number}` } };
  }

  async #deliver(messages) {
    const metadata = { display_phone_number: '5511999999999', phone_number_id: this.#phone };
    const value = { messaging_product: 'whatsapp', metadata, messages };
    const body = JSON.stringify({ entry: [{ id: 'chaos', changes: [{ value }] }] });
    const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    while (!(await this.#isTaken(request))) {
      this.retries += 1;
      await pause(20);
    }
  }

  async #isTaken(request) {
    this.requests += 1;
    try {
      const answer = await fetch(`${this.#url}/webhooks/whatsapp`, { ...request, signal: AbortSignal.timeout(PATIENCE) });
      await answer.text();
      return answer.status === 200;
    } catch {
      return false;
    }
  }
}
