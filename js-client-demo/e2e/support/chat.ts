import type { Locator, Page } from 'playwright-core';
import { type Customer, until, type World } from './world';

/** The chat screen as somebody uses it. */
export class Chat {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the conversation with a customer, as a link to it would. */
  static async with(world: World, customer: Customer, look: Parameters<World['page']>[1] = {}) {
    const id = await world.conversationWith(customer);
    const chat = new Chat(await world.page(`/chat/${id}`, look));
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
    await this.page.waitForSelector(`.message[data-status=${status}]:has-text("${words}")`, {
      timeout: 15_000,
    });
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
    await until(async () => {
      const now = JSON.stringify([await this.place(), await this.gap()]);
      const isSame = now === last;
      last = now;
      await new Promise((next) => setTimeout(next, 100));
      return isSame;
    }, 'the messages stand still');
  }
}

let numbers = 0;

/** Somebody who has not written yet. */
export function somebody(name: string): Customer {
  numbers += 1;
  return { phone: `55119${String(80_000_000 + numbers)}`, name };
}
