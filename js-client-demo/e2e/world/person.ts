import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import type { Server } from './server';
import { patienceMs } from './until';

/** What the console says where the network, or an answer, is missing. */
export const networkErrors = /net::|Failed to load resource|WebSocket connection/;

/** How a page is looked at. */
export type Look = {
  width?: number;
  height?: number;
  dark?: boolean;
  locale?: 'pt-BR' | 'en';
  isPhone?: boolean;
  /** Network errors are no mistakes of the page. */
  mayLoseTouch?: boolean;
  /** Sets up the page before anything is fetched. */
  before?: (page: Page) => unknown;
};

/** One of the demo's people: Ada, who may do everything, or Bia, an agent. */
export class Person {
  readonly email: string;
  readonly #server: Server;
  readonly #browser: Browser;
  readonly #mistakes: string[];
  #token: string | null = null;

  constructor(email: string, server: Server, browser: Browser, mistakes: string[]) {
    this.email = email;
    this.#server = server;
    this.#browser = browser;
    this.#mistakes = mistakes;
  }

  /** Asks the API. */
  async asks<Answer>(path: string, method = 'GET', body?: unknown): Promise<Answer> {
    this.#token ??= await this.#signIn();
    return this.#fetch<Answer>(path, method, body);
  }

  /** Signs in, and looks at a page. */
  async opens(path: string, look: Look = {}): Promise<Screen> {
    const page = await this.#newPage(look);
    await look.before?.(page);
    await page.goto(this.#server.url + path);
    const screen = new Screen(page);
    await screen.signIn(this.email);
    return screen;
  }

  async #newPage(look: Look): Promise<Page> {
    const { width = 1440, height = 900, dark, locale = 'pt-BR', isPhone = false } = look;
    const context: BrowserContext = await this.#browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      isMobile: isPhone,
      hasTouch: isPhone,
      locale,
      timezoneId: 'America/Sao_Paulo',
    });
    context.setDefaultTimeout(patienceMs);
    context.on('weberror', (error) => this.#mistakes.push(error.error().message));
    context.on('console', (line) => {
      if (line.type() !== 'error') return;
      if (!(look.mayLoseTouch && networkErrors.test(line.text()))) this.#mistakes.push(line.text());
    });
    return context.newPage();
  }

  async #signIn(): Promise<string> {
    const body = { email: this.email, password: 'demo' };
    return (await this.#fetch<{ token: string }>('/api/sessions', 'POST', body)).token;
  }

  async #fetch<Answer>(path: string, method: string, body?: unknown): Promise<Answer> {
    const headers = {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(this.#token && { Authorization: `Bearer ${this.#token}` }),
    };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(this.#server.url + path, { method, headers, ...sent });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : null) as Answer;
  }
}

/** The client as somebody uses it. */
export class Screen {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Signs in by the form that is shown. */
  async signIn(email: string): Promise<void> {
    await this.page.locator('[name=email]').fill(email);
    await this.page.locator('[name=password]').fill('demo');
    await this.page.keyboard.press('Enter');
    await this.page.locator('.shell').waitFor();
  }

  /** Goes where an address leads, and waits until it is shown. */
  async goes(path: string, shows: string): Promise<void> {
    await this.page.goto(new URL(path, this.page.url()).href);
    await this.page.locator(shows).first().waitFor();
  }

  /** Waits until the connection is so. */
  async seesStatus(status: string): Promise<void> {
    await this.page.locator(`.bar .connection[data-status=${status}]`).waitFor({ timeout: 60_000 });
  }

  /** A card of the board. */
  card(name: string): Locator {
    return this.page.locator('.held .card', { hasText: name });
  }

  /** An entry of a list in the settings. */
  entry(name: string): Locator {
    return this.page.locator('.entries li', { hasText: name });
  }

  /** A column of the board. */
  column(name: string): Locator {
    return this.page.getByRole('region', { name, exact: true });
  }
}
