/** Held, shared, by each tab that is in sight. */
const inSight = 'recado.in-sight';

/** Lets the other tabs of this browser know when this one is in sight, until the returned function is called. */
export function showPresence(): () => void {
  const { locks } = navigator;
  let release: (() => void) | null = null;
  const look = () => {
    release?.();
    release = null;
    if (document.hidden || !locks) return;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    void locks.request(inSight, { mode: 'shared' }, () => held);
  };
  look();
  document.addEventListener('visibilitychange', look);
  return () => {
    document.removeEventListener('visibilitychange', look);
    release?.();
  };
}

/** Whether any tab of this browser is in sight. */
export async function isAnyInSight(): Promise<boolean> {
  if (!navigator.locks) return !document.hidden;
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === inSight);
}

/** Does `work` in one tab of this browser alone: the first to come to event `seq`. */
export async function once(what: string, seq: number, work: () => void): Promise<void> {
  const key = `recado.${what}`;
  const claim = () => {
    if (seq <= Number(localStorage.getItem(key) ?? 0)) return;
    localStorage.setItem(key, String(seq));
    work();
  };
  // Pages that did not come by https know no locks.
  if (navigator.locks) await navigator.locks.request(key, claim);
  else claim();
}
