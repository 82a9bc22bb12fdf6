/** Held, shared, by each tab that is in sight. */
const inSight = 'recado.in-sight';

/** So many messages back, a tab that comes to them late finds that another one has told of them. */
const mostKept = 200;

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

/**
 * Does `work` for messages, by their ids, in one tab of this browser alone: the first to come to the
 * last of them. Their places in the log would not do: each tenant counts anew, and so does a backup
 * that is put back.
 */
export async function once(what: string, ids: readonly string[], work: () => void): Promise<void> {
  const key = `recado.${what}`;
  const claim = () => {
    const known = localStorage.getItem(key)?.split(' ') ?? [];
    if (known.includes(ids.at(-1) ?? '')) return;
    try {
      localStorage.setItem(key, [...new Set([...known, ...ids])].slice(-mostKept).join(' '));
    } catch {
      // A device without room lets the others tell of it, too: better twice than not at all.
    }
    work();
  };
  // Pages that did not come by https know no locks.
  if (navigator.locks) await navigator.locks.request(key, claim);
  else claim();
}
