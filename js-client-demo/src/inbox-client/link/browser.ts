/** What the browser knows of the network and of whoever sits before it; tests bring their own. */
export type Browser = {
  isOnline: () => boolean;
  isHidden: () => boolean;
  /** Tells of changes until the returned function is called. */
  listen: (hear: (what: Happening) => void) => () => void;
};

/** `visible` also when a page comes back from the browser's memory or the device from sleep. */
export type Happening = 'online' | 'offline' | 'visible' | 'hidden';

/** The browser that this runs in; a program without one is online and visible. */
export const thisBrowser: Browser = {
  isOnline: () => globalThis.navigator?.onLine !== false,
  isHidden: () => globalThis.document?.visibilityState === 'hidden',
  listen: (hear) => {
    if (typeof document === 'undefined') return () => {};
    const online = () => hear('online');
    const offline = () => hear('offline');
    const seen = () => hear(document.visibilityState === 'hidden' ? 'hidden' : 'visible');
    addEventListener('online', online);
    addEventListener('offline', offline);
    addEventListener('pageshow', seen);
    document.addEventListener('visibilitychange', seen);
    return () => {
      removeEventListener('online', online);
      removeEventListener('offline', offline);
      removeEventListener('pageshow', seen);
      document.removeEventListener('visibilitychange', seen);
    };
  },
};
