import type { CDPSession, Page } from 'playwright-core';

/**
 * What a page has taken of the processor, in milliseconds. That is the same whatever else the machine has
 * to do; what is told beside it, how much longer tasks took than they computed, is not.
 */
export type Effort = {
  /** The longest tasks of the page's main thread. */
  longest: number[];
  /** All tasks of its main thread. */
  total: number;
  /** How many times longer tasks took than they computed, since others had the processor. */
  stretched: number;
};

type Task = { name: string; pid: number; tid: number; dur?: number; tdur?: number };
type Named = Task & { args: { name?: string } };

/** What it takes of the processor when something is done, on all pages of the browser. */
export async function effort(page: Page, what: () => Promise<unknown>): Promise<Effort> {
  const browser = page.context().browser();
  if (!browser) throw new Error('the page has no browser');
  await browser.startTracing(page, { categories: ['toplevel'] });
  await what();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const threads = (traceEvents as Named[])
    .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
    .map(({ pid, tid }) => `${pid} ${tid}`);
  const tasks = (traceEvents as Task[]).filter(
    ({ name, pid, tid }) =>
      name === 'ThreadControllerImpl::RunTask' && threads.includes(`${pid} ${tid}`),
  );
  const computed = tasks.map(({ tdur = 0 }) => tdur / 1_000);
  const total = sum(computed);
  return {
    longest: computed
      .toSorted((a, b) => b - a)
      .slice(0, 3)
      .map(Math.round),
    total: Math.round(total),
    stretched: Math.round((sum(tasks.map(({ dur = 0 }) => dur / 1_000)) / total) * 10) / 10,
  };
}

/** How much of the processor a page's main thread has taken since it is counted, in milliseconds. */
export async function meter(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const first = await taken(session);
  return async () => Math.round(((await taken(session)) - first) * 1_000);
}

/** What ten million steps take of the processor here, in milliseconds: a measure to compare machines by. */
export async function yardstick(page: Page): Promise<number> {
  const steps = () =>
    page.evaluate(() => {
      let sum = 0;
      for (let step = 0; step < 10_000_000; step += 1) sum = (sum * 31 + step) | 0;
      return sum;
    });
  await steps();
  return (await effort(page, steps)).longest[0] ?? 0;
}

/** What a page holds after its rubbish has been collected, in MB. */
export async function heap(page: Page): Promise<number> {
  return (await holds(page)).heap;
}

/** What a page holds after its rubbish has been collected: MB of heap, nodes, what listens to them. */
export async function holds(
  page: Page,
): Promise<{ heap: number; nodes: number; listeners: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners: listeners } = await session.send('Memory.getDOMCounters');
  await session.detach();
  return { heap: Math.round(usedSize / 100_000) / 10, nodes, listeners };
}

async function taken(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
}

function sum(all: readonly number[]): number {
  return all.reduce((so, each) => so + each, 0);
}
