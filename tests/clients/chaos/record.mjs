const DETAILS_KEPT = 3;
const FEW = 5;

/** What an application has got from its client, in the order in which it got it. */
export class Record {
  /** The cursor of a client that keeps one. */
  last;
  reconnects = 0;
  /** Events that the client's own documented dedupe has dropped. */
  dropped = 0;
  /** How often something was not as promised, and the first such times in words. */
  wrong = 0;
  details = [];
  /** Called after each event. */
  onEvent = () => {};
  #seqs = [];
  #times = new Map();
  #told;

  /** The longest time in milliseconds by which it got an event later than somebody else. */
  lateness = 0;

  /** `told` maps each seq to what the first who got it was told, and when, so that all can be compared. */
  constructor(told) {
    this.#told = told;
  }

  /** The application has got an event. */
  take(seq, what) {
    if (!Number.isSafeInteger(seq)) {
      this.note(`an event without a number: ${what}`);
      return;
    }
    this.#seqs.push(seq);
    this.#times.set(what, Date.now());
    const first = this.#told.get(seq);
    if (!first) this.#told.set(seq, { what, at: Date.now() });
    else if (first.what !== what) this.note(`event ${seq} is "${what}", not "${first.what}"`);
    else this.lateness = Math.max(this.lateness, Date.now() - first.at);
    this.onEvent();
  }

  /** The same for a client that drops by number what it has. */
  takeOnce(seq, what) {
    if (seq <= this.last) {
      this.dropped += 1;
      return;
    }
    this.last = seq;
    this.take(seq, what);
  }

  note(detail) {
    this.wrong += 1;
    if (this.details.length < DETAILS_KEPT) this.details.push(detail);
  }

  get received() {
    return this.#seqs.length;
  }

  has(seq) {
    return this.#seqs.lastIndexOf(seq) !== -1;
  }

  /** By how many milliseconds a message came later at most than its webhook was answered; `taken` tells when that was. */
  latest(taken) {
    return Math.max(0, ...[...taken].map(([text, at]) => (this.#times.get(`message: ${text}`) ?? at) - at));
  }

  /** Compares with the events from `first` to `last`, each of which is to be here once and in order. */
  judge(first, last) {
    const seen = new Set();
    const [missing, repeated, unordered] = [[], [], []];
    let newest = 0;
    for (const seq of this.#seqs) {
      if (seen.has(seq)) repeated.push(seq);
      else if (seq < newest) unordered.push(seq);
      if (seq < first || seq > last) this.note(`event ${seq} was not published here`);
      seen.add(seq);
      newest = Math.max(newest, seq);
    }
    for (let seq = first; seq <= last; seq += 1) if (!seen.has(seq)) missing.push(seq);
    const faults = { missing, repeated, 'out of order': unordered };
    for (const [fault, seqs] of Object.entries(faults)) {
      if (seqs.length > 0) this.details.push(`${fault}: ${seqs.slice(0, FEW).join(', ')}${seqs.length > FEW ? ', …' : ''}`);
    }
    return { missing: missing.length, repeated: repeated.length, unordered: unordered.length };
  }
}

/** What an event tells, in the same words for every transport; the numbers of the messages make it unique. */
export function gist(name, data) {
  switch (name) {
    case 'message:new':
      return `message: ${data.message.content}`;
    case 'conversation:new':
      return `conversation: ${data.conversation.lastMessage?.content}`;
    case 'conversation:updated':
      return `conversation: ${data.lastMessage?.content}`;
    default:
      return name;
  }
}

/** The same of an update for legacy polling clients. */
export function gistOfUpdate({ type, data }) {
  return type === 'new_message' ? `message: ${data.content}` : `conversation: ${data.last_message?.content}`;
}
