// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import { ignoreDrops } from './drops';

/** Something comes over the page; returns what becomes of it. */
function comes(happening: string, kind: string, isTaken = false) {
  const event = new Event(happening, { bubbles: true, cancelable: true });
  const dataTransfer = { types: [kind], dropEffect: 'copy' };
  if (isTaken) event.preventDefault();
  dispatchEvent(Object.assign(event, { dataTransfer }));
  return [event.defaultPrevented, dataTransfer.dropEffect];
}

test.each(['dragover', 'drop'])(
  'files that nothing takes are ignored (%s), and nothing but these',
  (happening) => {
    const stop = ignoreDrops();

    expect(comes(happening, 'Files')).toEqual([true, 'none']);
    expect(comes(happening, 'Files', true)).toEqual([true, 'copy']);
    expect(comes(happening, 'text/plain')).toEqual([false, 'copy']);
    stop();
    expect(comes(happening, 'Files')).toEqual([false, 'copy']);
  },
);
