/** How long somebody waits for something to be seen before they give up. */
export const patienceMs = 30_000;

/** Waits until something holds, looking often; says what was expected otherwise. */
export async function until(
  what: string,
  holds: () => unknown,
  within: number = patienceMs,
): Promise<void> {
  const end = Date.now() + within;
  for (;;) {
    const isSo = await Promise.resolve()
      .then(holds)
      .catch(() => false);
    if (isSo) return;
    if (Date.now() > end) throw new Error(`not so in ${within} ms: ${what}`);
    await new Promise((next) => setTimeout(next, 25));
  }
}
