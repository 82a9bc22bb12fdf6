import { type Browser, chromium } from 'playwright-core';
import { Customer } from './customer';
import { Person } from './person';
import { Server } from './server';
import { type Place, Site, type Visitor } from './site';

/** A server with the demo's desk, WhatsApp's side of the wire, a browser, and who is there. */
export class World {
  readonly server: Server;
  readonly ada: Person;
  readonly bia: Person;
  readonly #browser: Browser;
  readonly #mistakes: string[] = [];
  readonly #sites: Site[] = [];

  private constructor(server: Server, browser: Browser) {
    this.server = server;
    this.#browser = browser;
    this.ada = new Person('admin@demo.test', server, browser, this.#mistakes);
    this.bia = new Person('agent@demo.test', server, browser, this.#mistakes);
  }

  static async open(): Promise<World> {
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--disable-smooth-scrolling',
        '--autoplay-policy=no-user-gesture-required',
      ],
    });
    const world = new World(await Server.open(), browser);
    const { inboxes } = await world.ada.asks<{ inboxes: { id: string; type: string }[] }>(
      '/api/inboxes',
    );
    const whatsapp = inboxes.find(({ type }) => type === 'WHATSAPP') ?? inboxes[0];
    const accessToken = 'anything will do';
    await world.ada.asks(`/api/inboxes/${whatsapp?.id}`, 'PATCH', { accessToken });
    return world;
  }

  async close(): Promise<void> {
    for (const site of this.#sites) site.close();
    await this.#browser.close();
    await this.server.close();
  }

  /** Closes all pages. Throws if anything went wrong on one. */
  async everybodyLeaves(): Promise<void> {
    await Promise.all(this.#browser.contexts().map((context) => context.close()));
    const mistakes = this.#mistakes.splice(0);
    if (mistakes.length > 0) throw new Error(`on the pages:\n${mistakes.join('\n')}`);
  }

  /** Somebody who has not written yet. */
  customer(name: string): Customer {
    return new Customer(name, this.server, this.ada);
  }

  /** Somebody on a site that has the chat of an inbox on it. */
  async visitor(place: Place = {}): Promise<Visitor> {
    const site = await Site.open(this.server, place);
    this.#sites.push(site);
    return site.visit(this.#browser, this.#mistakes);
  }
}
