/** Where things are kept on this device. */
export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key'> & {
  readonly length: number;
};

/** The browser's storage; where it is forbidden or absent, one that lasts as long as the page. */
export function deviceStorage(): Storage {
  try {
    const storage = globalThis.localStorage;
    storage.getItem('recado.session');
    return storage;
  } catch {
    return memoryStorage();
  }
}

/** A storage that lasts as long as the page. */
export function memoryStorage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    key: (index) => [...kept.keys()][index] ?? null,
    get length() {
      return kept.size;
    },
  };
}

/** All keys that begin with `prefix`, in order. */
export function keysOf(storage: Storage, prefix: string): string[] {
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
  return keys.filter((key): key is string => key?.startsWith(prefix) ?? false).sort();
}

/** Keeps a value, or says that there is no room. */
export function keep(storage: Storage, key: string, value: unknown): boolean {
  try {
    storage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** What `keep` has kept; what is not readable any more counts as absent. */
export function kept<Value>(storage: Storage, key: string): Value | null {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null') as Value | null;
  } catch {
    return null;
  }
}

/**
 * Does `work` while no other tab of this browser does what has the same name.
 *
 * Pages that did not come by https know no locks, and frames of other sites may be denied them; there,
 * two tabs may do it at once.
 */
export async function alone<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  let isBegun = false;
  const begin = () => {
    isBegun = true;
    return work();
  };
  try {
    return await (globalThis.navigator?.locks?.request(name, begin) ?? begin());
  } catch (problem) {
    if (isBegun) throw problem;
    return work();
  }
}

/** An identifier that nobody else has; also on pages that did not come by https. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
