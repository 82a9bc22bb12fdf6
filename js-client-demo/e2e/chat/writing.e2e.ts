import { Chat, expect, test, until } from '../world';
import { talkative } from '../world/talkative';

test('T10: what has been begun stays with its conversation, and is shown in the list', async ({
  world,
}) => {
  const [jo, kim] = [world.customer('Jô Rascunho'), world.customer('Kim Outra')];
  await jo.says('Oi');
  await kim.says('Oi');
  const chat = await Chat.with(world.bia, jo);

  await chat.field.fill('rascunho da Jô');
  await chat.row(kim).click();
  await chat.page.waitForSelector(`#thread-name:has-text("${kim.name}")`);
  const carried = await chat.field.inputValue();
  const listed = await chat.row(jo).textContent();
  await chat.page.reload();
  await chat.row(jo).click();

  await until(
    'it is there again',
    async () => (await chat.field.inputValue()) === 'rascunho da Jô',
  );
  expect(carried).toBe('');
  expect(listed).toContain('Rascunho: rascunho da Jô');
});

test('T11: Enter sends, Shift+Enter breaks the line, Enter while composing does neither', async ({
  world,
}) => {
  const lia = world.customer('Lia Teclas');
  await lia.says('Oi');
  const chat = await Chat.with(world.bia, lia);

  await chat.field.fill('primeira');
  await chat.field.press('Shift+Enter');
  await chat.field.pressSequentially('segunda');
  expect(await chat.field.inputValue()).toBe('primeira\nsegunda');
  await chat.field.evaluate((field) => {
    const key = { key: 'Enter', bubbles: true, cancelable: true };
    field.dispatchEvent(new KeyboardEvent('keydown', { ...key, isComposing: true }));
    field.dispatchEvent(
      new KeyboardEvent('keydown', { ...key, keyCode: 229 } as KeyboardEventInit),
    );
  });
  expect(await chat.message('primeira').count()).toBe(0);
  await chat.field.press('Enter');

  await chat.reaches('segunda', 'READ');
});

test('T12: a note cannot be mistaken, never reaches the customer, and calls whom it mentions', async ({
  world,
}) => {
  const mel = world.customer('Mel Nota');
  await mel.says('Tem desconto?');
  const chat = await Chat.with(world.bia, mel);

  await chat.page.click('text=Nota interna');
  const colour = await chat.page.$eval('.composer', (it) => getComputedStyle(it).backgroundColor);
  await chat.field.pressSequentially('Dar 10 %? @');
  await chat.page.waitForSelector('.picker [role=option]');
  await chat.page.keyboard.press('Enter');
  await chat.field.press('Enter');
  await chat.page.waitForSelector('.message[data-side=note]:has-text("Dar 10 %")');
  await chat.page.click('.composer-modes >> text=Responder');
  await chat.write('Já te respondo');
  await chat.reaches('Já te respondo', 'READ');

  expect(colour).toBe('rgb(255, 246, 218)');
  const sent = await world.server.ledger();
  expect(sent).toContain('Já te respondo');
  expect(sent).not.toContain('Dar 10 %');
});

test('a message is answered, and the quote leads to it; reactions come and go', async ({
  world,
}) => {
  const olga = await talkative(world, 'Olga Cita', 90);
  const wamid = await olga.says('Qual o prazo?');
  const chat = await Chat.with(world.bia, olga);
  await chat.settles();

  // Whoever answers the customer writes no note any more.
  await chat.page.click('text=Nota interna');
  await chat.message('Qual o prazo?').hover();
  await chat.message('Qual o prazo?').locator('[aria-label=Responder]').click();
  await chat.page.waitForSelector('.quoting');
  await chat.write('Dois dias');
  await chat.reaches('Dois dias', 'READ');
  await olga.says('Perfeito', { context: { id: wamid } });
  await chat.message('Perfeito').locator('.quote:has-text("Qual o prazo?")').click();
  await chat.page.waitForSelector('[data-flash=true]:has-text("Qual o prazo?")');
  const [theirs] = await olga.saysAll([
    { type: 'reaction', reaction: { message_id: wamid, emoji: '👍' } },
  ]);
  await chat.message('Qual o prazo?').first().locator('.reactions').waitFor();

  expect(theirs).toBeTruthy();
  expect(await chat.message('Dois dias').locator('.quote').textContent()).toContain(
    'Qual o prazo?',
  );
});
