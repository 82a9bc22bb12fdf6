import type { Locator } from 'playwright-core';
import type { Customer } from './customer';
import { type Look, type Person, Screen } from './person';
import { until } from './until';

/** The chat screen as somebody uses it. */
export class Chat extends Screen {
  static async at(person: Person, look: Look = {}): Promise<Chat> {
    return new Chat((await person.opens('/chat', look)).page);
  }

  /** Opens the conversation with a customer, as a link to it would. */
  static async with(person: Person, customer: Customer, look: Look = {}): Promise<Chat> {
    const id = await customer.conversation();
    const chat = new Chat((await person.opens(`/chat/${id}`, look)).page);
    await chat.page.waitForSelector('.message');
    return chat;
  }

  get field(): Locator {
    return this.page.locator('.composer > textarea');
  }

  row(customer: Customer): Locator {
    return this.page.locator('.chat-row', { hasText: customer.name });
  }

  message(words: string): Locator {
    return this.page.locator('.message', { hasText: words });
  }

  async write(words: string): Promise<void> {
    await this.field.fill(words);
    await this.field.press('Enter');
  }

  /** Waits until a message has got so far. */
  async reaches(words: string, status: string): Promise<void> {
    await this.page.waitForSelector(`.message[data-status=${status}]:has-text("${words}")`);
  }

  /** How far the view is from the end of the messages, in pixels. */
  gap(): Promise<number> {
    return this.page.$eval('.messages', (box) =>
      Math.round(box.scrollHeight - box.clientHeight - box.scrollTop),
    );
  }

  /** The first message that is wholly in view, and where it stands. */
  place(): Promise<{ id: string | undefined; top: number }> {
    return this.page.$eval('.messages', (box) => {
      const { top } = box.getBoundingClientRect();
      const all = [...box.querySelectorAll<HTMLElement>('[data-message]')];
      const first = all.find((each) => each.getBoundingClientRect().top > top + 40);
      return {
        id: first?.dataset.message,
        top: Math.round(first?.getBoundingClientRect().top ?? 0),
      };
    });
  }

  /** Reads upwards. */
  async scroll(by: number): Promise<void> {
    await this.page.hover('.messages');
    await this.page.mouse.wheel(0, by);
    await this.settles();
  }

  /** Waits until nothing moves any more. */
  async settles(): Promise<void> {
    let last = '';
    await until('the messages stand still', async () => {
      const before = last;
      last = JSON.stringify([await this.place(), await this.gap()]);
      await this.frames(6);
      return last === before;
    });
  }

  /** Lets the page draw. */
  async frames(count: number): Promise<void> {
    await this.page.evaluate(async (left) => {
      for (let n = 0; n < left; n += 1) await new Promise(requestAnimationFrame);
    }, count);
  }
}
