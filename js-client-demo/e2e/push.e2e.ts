// What is told while no tab has the focus: row N4 of docs/client.md. A push service is not reached from
// here; what one delivers, the browser's own tools do.

import type { CDPSession, Page, Worker } from 'playwright-core';
import { expect, test, until } from './world';
import type { Customer } from './world/customer';
import type { Screen } from './world/person';
import type { World } from './world/world';

test('N4: it is shown when no tab has the focus, and by no tab that has', async ({ world }) => {
  const [seen, unseen] = [world.customer('Vera Vista'), world.customer('Nina Ausente')];
  for (const each of [seen, unseen]) await each.says('Oi');
  const { page } = await switchedOn(world);
  const browser = await Pushed.to(page);

  await browser.push(seen, 'message');
  const whileFocused = await browser.notices();
  await page.goto('about:blank');
  await browser.push(unseen, 'message');
  await until('it is shown', async () => (await browser.notices()).length > 0);

  expect(whileFocused).toEqual([]);
  expect(await browser.notices()).toEqual([{ title: 'Nina Ausente', body: 'Nova mensagem' }]);
});

test('N4: a click opens the thread in a tab that is open, else in a new one', async ({ world }) => {
  const [first, second] = [world.customer('Clara Clique'), world.customer('Davi Depois')];
  for (const each of [first, second]) await each.says('Oi');
  const { page } = await switchedOn(world);
  const browser = await Pushed.to(page);

  await browser.click(first);
  await page.waitForURL(`**/chat/${await first.conversation()}`);
  await page.goto('about:blank');
  await browser.click(second);
  await until('a window is opened', async () => (await browser.opened()).length > 0);

  expect(await browser.opened()).toEqual([`/chat/${await second.conversation()}`]);
});

test('N4: a tab out of sight and a push say it once, in the words of the tab', async ({
  world,
}) => {
  const customer = world.customer('Olga Oculta');
  await customer.says('Oi');
  const bia = await switchedOn(world, hidden);
  await bia.seesStatus('connected');
  // What comes while the desk is still being loaded is part of it, and no news.
  await bia.page.waitForFunction(() => document.title.startsWith('('));
  const browser = await Pushed.to(bia.page);

  await customer.says('Posso passar aí?');
  await until('the tab shows it', async () => (await browser.notices()).length > 0);
  await browser.blurred();
  await browser.push(customer, 'message');

  expect(await browser.notices()).toEqual([{ title: 'Olga Oculta', body: 'Posso passar aí?' }]);
});

test('N4: the server knows of the browser while it is switched on, until one signs out', async ({
  world,
}) => {
  const { page } = await switchedOn(world);
  const box = page.getByRole('checkbox', { name: 'Avisos do sistema' });

  const forgotten = answered(page, 'DELETE', /push\/subscriptions\/[\w-]+$/);
  await box.uncheck();
  expect((await forgotten).status()).toBe(204);
  expect(await ended(page)).toBe(1);
  const known = told(page);
  await box.click();
  expect((await known).status()).toBe(201);
  await page.getByRole('button', { name: /^Conta/ }).click();
  await page.getByRole('button', { name: 'Sair' }).click();

  await until('the browser lets go', async () => (await ended(page)) === 2);
});

test('N4: reached elsewhere, a browser keeps the key, and the tab that is open or the next tells so', async ({
  world,
}) => {
  const { page } = await switchedOn(world);
  const browser = await Pushed.to(page);
  const { publicKey } = await world.bia.asks<{ publicKey: string }>('/api/push/key');

  const before = await page.evaluate(() => localStorage.getItem('recado.push'));
  const [known, forgotten] = [told(page), answered(page, 'DELETE', /push\/subscriptions\/[\w-]+$/)];
  await page.evaluate(() => Object.assign(window, { reachedAt: 'https://push.invalid/elsewhere' }));
  await browser.isReachedElsewhere();
  expect((await (await known).json()).id).not.toBe(before);
  expect((await forgotten).url()).toContain(before);
  expect((await forgotten).status()).toBe(204);
  await page.goto('about:blank');
  await browser.isReachedElsewhere();
  const next = told(page);
  await page.goto(`${world.server.url}/board`);
  expect((await next).status()).toBe(201);

  expect(await browser.keys()).toEqual([publicKey, publicKey]);
});

/** Bia, who has just switched on the system's notices. */
async function switchedOn(world: World, more: (page: Page) => unknown = () => {}): Promise<Screen> {
  const bia = await world.bia.opens('/settings/notifications', {
    before: async (page) => {
      await page.context().grantPermissions(['notifications']);
      await page.addInitScript(subscribeToNobody);
      await more(page);
    },
  });
  const known = told(bia.page);
  // Not `check`, which wants to see it done at once: permission is asked for first.
  await bia.page.getByRole('checkbox', { name: 'Avisos do sistema' }).click();
  expect((await known).status()).toBe(201);
  return bia;
}

/** The server is told where the browser is reached. */
function told(page: Page) {
  return answered(page, 'POST', /push\/subscriptions$/);
}

function answered(page: Page, method: string, path: RegExp) {
  return page.waitForResponse(
    (response) => response.request().method() === method && path.test(response.url()),
  );
}

/** How often the page has ended its subscription. */
function ended(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { ended: number }).ended);
}

/** A browser in a test reaches no push service: it is given a subscription that leads nowhere. */
function subscribeToNobody(): void {
  const told = { ended: 0 };
  Object.defineProperty(window, 'ended', { get: () => told.ended });
  const keys = {
    p256dh:
      'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  };
  const at = Object.assign(window, { reachedAt: 'https://push.invalid/bia' });
  const subscription = {
    toJSON: () => ({ endpoint: at.reachedAt, expirationTime: null, keys }),
    unsubscribe: async () => {
      told.ended += 1;
      return true;
    },
  };
  const give = async () => subscription as unknown as PushSubscription;
  Object.assign(PushManager.prototype, { subscribe: give, getSubscription: give });
}

/** A page that says it is out of sight. */
function hidden(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    Object.defineProperty(document, 'hidden', { get: () => true });
  });
}

/** A browser whose service worker is delivered what a push service would. */
class Pushed {
  readonly #tools: CDPSession;
  readonly #worker: Worker;
  readonly #origin: string;
  readonly #registration: string;
  #pushes = 0;

  private constructor(tools: CDPSession, worker: Worker, registration: string) {
    this.#tools = tools;
    this.#worker = worker;
    this.#origin = new URL(worker.url()).origin;
    this.#registration = registration;
  }

  static async to(page: Page): Promise<Pushed> {
    const context = page.context();
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
    // Until it is active, tabs show what they hear without it.
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    const tools = await context.newCDPSession(page);
    const registered = new Promise<string>((resolve) => {
      tools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        const ours = registrations.find(({ isDeleted }) => !isDeleted);
        if (ours) resolve(ours.registrationId);
      });
    });
    await tools.send('ServiceWorker.enable');
    await worker.evaluate(watch);
    return new Pushed(tools, worker, await registered);
  }

  /** Delivers what the server pushes of a customer; returns once that has been dealt with. */
  async push(customer: Customer, kind: string): Promise<void> {
    const conversationId = await customer.conversation();
    const data = JSON.stringify({ seq: 1, kind, title: customer.name, conversationId });
    this.#pushes += 1;
    await this.#tools.send('ServiceWorker.deliverPushMessage', {
      origin: this.#origin,
      registrationId: this.#registration,
      data,
    });
    await until('the push is dealt with', async () => (await this.#seen()).dealt === this.#pushes);
  }

  /** Clicks a notice of a customer. */
  async click(customer: Customer): Promise<void> {
    const conversationId = await customer.conversation();
    await this.#worker.evaluate(
      (data) => {
        const { notification } = { notification: { data, close: () => {} } };
        const click = new Event('notificationclick');
        dispatchEvent(Object.assign(click, { notification, waitUntil: () => {} }));
      },
      { conversationId },
    );
  }

  /** Its push service reaches it at another address from now on; returns once that is dealt with. */
  isReachedElsewhere(): Promise<void> {
    return this.#worker.evaluate(async () => {
      const change = new Event('pushsubscriptionchange');
      let work: unknown;
      dispatchEvent(Object.assign(change, { waitUntil: (it: unknown) => (work = it) }));
      await work;
    });
  }

  /** By what keys the service worker has subscribed. */
  async keys(): Promise<unknown[]> {
    return (await this.#seen()).keys;
  }

  /** No tab has the focus from now on. */
  blurred(): Promise<void> {
    return this.#worker.evaluate(() => {
      const { WindowClient } = globalThis as unknown as { WindowClient: { prototype: object } };
      Object.defineProperty(WindowClient.prototype, 'focused', { get: () => false });
    });
  }

  notices(): Promise<{ title: string; body: string }[]> {
    return this.#worker.evaluate(async () => {
      const { registration } = globalThis as unknown as { registration: ServiceWorkerRegistration };
      const shown = await registration.getNotifications();
      return shown.map(({ title, body }) => ({ title, body }));
    });
  }

  /** Where windows have been opened. */
  async opened(): Promise<string[]> {
    return (await this.#seen()).opened;
  }

  #seen(): Promise<Seen> {
    return this.#worker.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
  }
}

type Seen = { dealt: number; opened: string[]; keys: unknown[] };

/** Notes in the service worker which pushes are dealt with, which windows it opens, and how it subscribes. */
function watch(): void {
  type Clients = { openWindow: (path: string) => Promise<null> };
  type Waits = Event & { waitUntil: (work: unknown) => void };
  const seen: Seen = { dealt: 0, opened: [], keys: [] };
  const { clients, ExtendableEvent } = Object.assign(globalThis, { seen }) as unknown as {
    clients: Clients;
    ExtendableEvent: { prototype: Waits };
  };
  const { waitUntil } = ExtendableEvent.prototype;
  ExtendableEvent.prototype.waitUntil = function (this: Waits, work: unknown) {
    const dealt = Promise.resolve(work).finally(() => {
      if (this.type === 'push') seen.dealt += 1;
    });
    waitUntil.call(this, dealt);
  };
  clients.openWindow = async (path) => {
    seen.opened.push(path);
    return null;
  };
  PushManager.prototype.subscribe = async (options) => {
    seen.keys.push(options?.applicationServerKey);
    return {} as PushSubscription;
  };
}
