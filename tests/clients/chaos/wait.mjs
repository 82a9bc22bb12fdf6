/** How often a condition is looked at, in milliseconds. */
const LOOK = 50;

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits for a condition, which may be asynchronous; false when it has not come true by `deadline`. */
export async function until(deadline, condition) {
  while (!(await condition())) {
    if (Date.now() > deadline) return false;
    await pause(LOOK);
  }
  return true;
}
