import type { Media, Outgoing } from '../../inbox-client';
import type { Language } from '../talk';
import type { Chat } from './chat';
import { h } from './dom';
import type { Words } from './text';
import type { Line } from './types';

/** From so close to the end on, in pixels, the log is kept at its end. */
const nearEnd = 60;

/** What was said, drawn anew only where it is another. */
export class Log {
  readonly element: HTMLElement;
  readonly #chat: Chat;
  readonly #words: Words;
  readonly #language: Language;
  readonly #files = new Map<string, HTMLElement>();
  readonly #drawn = new Map<string, { element: HTMLElement; signature: string }>();
  readonly #greeting = h('div', { class: 'line theirs' });
  readonly #older: HTMLButtonElement;
  readonly #typing = h('div', { class: 'typing', hidden: true });
  readonly #time: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayWithYear: Intl.DateTimeFormat;

  constructor(chat: Chat, words: Words, language: Language) {
    this.#chat = chat;
    this.#language = language;
    this.#words = words;
    this.#time = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
    this.#day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long' });
    this.#dayWithYear = new Intl.DateTimeFormat(language, { dateStyle: 'long' });
    this.#older = h('button', {
      class: 'older',
      type: 'button',
      text: words.older,
      onclick: () => void this.#loadOlder(),
    });
    this.#typing.append(h('i'), h('i'), h('i'), h('span'));
    this.element = h('div', {
      class: 'log',
      role: 'log',
      tabIndex: 0,
      'aria-label': words.log,
    });
    new ResizeObserver(() => this.toEnd()).observe(this.element);
  }

  draw(): void {
    const isAtEnd = this.#isAtEnd();
    const { site, hasOlder, typist } = this.#chat;
    this.#greeting.textContent = site?.greeting ?? this.#words.hello;
    this.#older.hidden = !hasOlder;
    const wanted: HTMLElement[] = [this.#older];
    if (!hasOlder) wanted.push(this.#greeting);
    let day = '';
    for (const line of this.#chat.lines()) {
      const of = this.#dayOf(line.timestamp);
      if (of !== day) wanted.push(this.#once(`day ${of}`, of, () => this.#separator(of)));
      day = of;
      wanted.push(this.#line(line));
    }
    for (const item of this.#chat.waiting()) wanted.push(this.#waiting(item));
    this.#typing.hidden = typist === null;
    const told = this.#typing.lastElementChild as HTMLElement;
    told.textContent = `${typist || this.#words.somebody} ${this.#words.types}`;
    wanted.push(this.#typing);
    this.#place(wanted);
    if (isAtEnd) this.toEnd();
  }

  toEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }

  #isAtEnd(): boolean {
    const { scrollHeight, clientHeight, scrollTop } = this.element;
    return scrollHeight - clientHeight - scrollTop < nearEnd;
  }

  /** Puts the elements there in order, and touches none that is where it belongs. */
  #place(wanted: readonly HTMLElement[]): void {
    let next = this.element.firstChild;
    for (const element of wanted) {
      if (element === next) next = next.nextSibling;
      else this.element.insertBefore(element, next);
    }
    while (next) {
      const gone = next;
      next = next.nextSibling;
      gone.remove();
    }
  }

  /** The element under `key`, made anew when its signature is another. */
  #once(key: string, signature: string, make: () => HTMLElement): HTMLElement {
    const drawn = this.#drawn.get(key);
    if (drawn?.signature === signature) return drawn.element;
    const element = make();
    this.#drawn.set(key, { element, signature });
    return element;
  }

  #line(line: Line): HTMLElement {
    const isOwn = line.direction === 'INBOUND';
    const isRead = isOwn && this.#isRead(line);
    const { deletedAt, clientId, media } = line.metadata;
    const signature = `${line.content}|${deletedAt}|${isRead}`;
    return this.#once(clientId ?? line.id, signature, () => {
      const state = isRead ? this.#words.read : this.#words.sent;
      return h(
        'div',
        { class: `line ${isOwn ? 'own' : 'theirs'}${deletedAt ? ' deleted' : ''}` },
        ...(line.author ? [h('b', { text: line.author.name })] : []),
        ...(media && !deletedAt ? [this.#file(media)] : []),
        h('span', { class: 'said', text: deletedAt ? this.#words.deleted : line.content }),
        h(
          'small',
          { text: this.#time.format(new Date(line.timestamp)) },
          ...(isOwn
            ? [
                h('span', {
                  class: isRead ? 'ticks read' : 'ticks',
                  text: isRead ? '✓✓' : '✓',
                  role: 'img',
                  'aria-label': state,
                }),
              ]
            : []),
        ),
      );
    });
  }

  #waiting(item: Outgoing): HTMLElement {
    return this.#once(item.clientId, `waiting ${item.state}`, () =>
      h(
        'div',
        { class: `line own ${item.state}` },
        h('span', { class: 'said', text: item.post.content || '📎' }),
        item.state === 'failed'
          ? h('button', {
              class: 'again',
              type: 'button',
              text: this.#words.notSent,
              onclick: () => this.#chat.retry(item.clientId),
            })
          : h(
              'small',
              { text: this.#time.format(new Date(item.createdAt)) },
              h('span', {
                class: 'ticks',
                text: '◷',
                role: 'img',
                'aria-label': this.#words.waiting,
              }),
            ),
      ),
    );
  }

  #isRead(line: Line): boolean {
    const { readAt } = this.#chat;
    const isTold = readAt !== null && Date.parse(readAt) >= Date.parse(line.timestamp);
    return isTold || line.status === 'READ';
  }

  /** The same element however often its line is drawn: what is in it stays as it is. */
  #file(media: Media): HTMLElement {
    let file = this.#files.get(media.id);
    if (!file) {
      file = h('span', { class: 'file', text: `📎 ${media.filename ?? ''}` });
      this.#files.set(media.id, file);
      void this.#show(media, file);
    }
    return file;
  }

  async #show(media: Media, file: HTMLElement): Promise<void> {
    try {
      const { shown } = await import('./later/files');
      this.#put(file, await shown(this.#chat, media, this.#language));
    } catch {
      const text = `${media.filename ?? '📎'}: ${this.#words.notShown}`;
      const onclick = () => void this.#show(media, file);
      this.#put(file, h('button', { class: 'again', type: 'button', text, onclick }));
    }
  }

  /** Puts something in the place of a file; who was there stays there. */
  #put(file: HTMLElement, element: HTMLElement): void {
    const hasFocus = file.contains(document.activeElement);
    const isAtEnd = this.#isAtEnd();
    file.replaceChildren(element);
    if (hasFocus) element.focus();
    if (isAtEnd) this.toEnd();
  }

  #separator(day: string): HTMLElement {
    return h('div', { class: 'day', text: day });
  }

  #dayOf(timestamp: string): string {
    const [date, now] = [new Date(timestamp), new Date()];
    const days = Math.round((midnight(now) - midnight(date)) / 86_400_000);
    if (days === 0) return this.#words.today;
    if (days === 1) return this.#words.yesterday;
    const isThisYear = date.getFullYear() === now.getFullYear();
    return (isThisYear ? this.#day : this.#dayWithYear).format(date);
  }

  async #loadOlder(): Promise<void> {
    const before = this.element.scrollHeight;
    await this.#chat.loadOlder().catch(() => {});
    this.element.scrollTop += this.element.scrollHeight - before;
  }
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
