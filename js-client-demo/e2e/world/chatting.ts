import type { Frame } from 'playwright-core';
import { networkErrors } from './person';
import type { Visitor } from './site';
import type { World } from './world';

/** Somebody who has begun to chat in a language, from where the network may fail. */
export async function chatting(
  world: World,
  locale: string,
): Promise<{ joao: Visitor; panel: Frame }> {
  const snippet = `<script async src="${world.server.url}/widget.js" data-inbox="pub_demo"
    data-locale="${locale}"></script>`;
  const joao = await world.visitor({ snippet });
  joao.overlooks = [networkErrors];
  await joao.opens();
  const panel = joao.panel();
  await panel.locator('.first button').click();
  return { joao, panel };
}
