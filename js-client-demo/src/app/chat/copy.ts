import { shellText } from '../shell/text';
import { tell } from '../ui/toasts';
import { attempt } from './attempt';

/** Puts words where they can be pasted from, and says so; or that the browser does not let one. */
export async function copy(words: string, done: string): Promise<void> {
  // Pages that did not come by https have no clipboard.
  const copied = (async () => navigator.clipboard.writeText(words))();
  if (await attempt(copied, shellText.get().failed)) tell(done);
}
