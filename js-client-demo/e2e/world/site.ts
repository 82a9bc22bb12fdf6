import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { Browser, Frame, Page } from 'playwright-core';
import type { Server } from './server';
import { patienceMs, until } from './until';

/** Rules that spoil whatever of the widget the page can reach. */
const hostile = `
  * { letter-spacing: .2em !important }
  button { display: none !important; text-transform: uppercase !important }
  iframe { max-width: 120px !important; border: 6px dashed red !important }
  svg { display: none !important }
  div { position: static !important }`;

/** Which chat a site has, and where the site is. */
export type Place = {
  inbox?: string;
  /** The line that puts the chat there, if it is another than the usual one. */
  snippet?: string;
  /**
   * The server is at 127.0.0.1. Elsewhere, as most are, the browser lets the chat keep nothing beyond
   * the tab.
   */
  host?: 'localhost' | '127.0.0.1';
};

/** A shop on an origin of its own, with the chat of an inbox on it. */
export class Site {
  readonly url: string;
  readonly #http: HttpServer;

  private constructor(http: HttpServer, host: string) {
    const address = http.address();
    this.#http = http;
    this.url = `http://${host}:${typeof address === 'object' && address ? address.port : 0}/`;
  }

  static async open(
    server: Server,
    { inbox = 'pub_demo', host = 'localhost', snippet }: Place,
  ): Promise<Site> {
    const usual = `<script async src="${server.url}/widget.js" data-inbox="${inbox}"></script>`;
    const page = `<!doctype html><html lang="pt-BR"><title>Loja Aurora</title><style>${hostile}</style>
      <h1>Sofá Enseada</h1>
      ${snippet ?? usual}</html>`;
    const http = createServer((_, response) => {
      response.writeHead(200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': `script-src ${server.url}; require-trusted-types-for 'script'`,
      });
      response.end(page);
    }).listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new Site(http, host);
  }

  close(): void {
    this.#http.closeAllConnections();
    this.#http.close();
  }

  async visit(browser: Browser, mistakes: string[]): Promise<Visitor> {
    const context = await browser.newContext({ viewport: size, locale: 'pt-BR' });
    context.setDefaultTimeout(patienceMs);
    const visitor = new Visitor(this, await context.newPage(), mistakes);
    await visitor.arrives();
    return visitor;
  }
}

const size = { width: 1_100, height: 800 };

/**
 * Somebody who looks at a site. What they see of the widget is in a closed shadow root: they reach it
 * by where it is, and by the keyboard.
 */
export class Visitor {
  readonly page: Page;
  /** Every address that the site's page has asked for. */
  readonly requests: string[] = [];
  /** What the console has said of errors, and which of it is no mistake here. */
  readonly told: string[] = [];
  overlooks: RegExp[] = [];
  readonly #site: Site;

  constructor(site: Site, page: Page, mistakes: string[]) {
    this.#site = site;
    this.page = page;
    page.on('pageerror', ({ message }) => mistakes.push(message));
    page.on('request', (request) => this.requests.push(request.url()));
    page.on('console', (line) => {
      if (line.type() !== 'error') return;
      this.told.push(line.text());
      if (!this.overlooks.some((it) => it.test(line.text()))) mistakes.push(line.text());
    });
  }

  /** Comes to the site, or comes back to it. */
  async arrives(): Promise<void> {
    await this.page.goto(this.#site.url);
    await this.page.locator('recado-widget').waitFor({ state: 'attached' });
  }

  /** Goes elsewhere, and leaves the browser open. */
  async leaves(): Promise<void> {
    await this.page.goto('about:blank');
  }

  /** Clicks where the launcher is. */
  clicksLauncher(): Promise<void> {
    return this.page.mouse.click(size.width - 49, size.height - 49);
  }

  async opens(): Promise<void> {
    await this.clicksLauncher();
    await until('the panel is there', () => this.panel());
    await this.panel().locator('header').waitFor();
  }

  panel(): Frame {
    const panel = this.page.frames().find((frame) => frame.url().includes('/widget/'));
    if (!panel) throw new Error('there is no panel');
    return panel;
  }

  /** Writes into the panel, as the site's first question has been answered. */
  async writes(text: string): Promise<void> {
    const panel = this.panel();
    const first = panel.locator('.first');
    const box = panel.getByRole('textbox', { name: 'Escreva sua mensagem' });
    // One of them is shown once the panel knows what it asks for.
    await first.or(box).filter({ visible: true }).waitFor();
    if (await first.isVisible()) {
      await panel.locator('[name=name]').fill('João Silva');
      await first.getByRole('button').click();
    }
    await box.fill(text);
    await this.page.keyboard.press('Enter');
    await panel.locator('.own', { hasText: text }).waitFor();
  }
}
