import { reasonOf } from '../refusals/reason';
import { tell } from '../ui/toasts';

/** Does something on the server; where that fails, says so, and why. Returns whether it worked. */
export async function attempt(what: Promise<unknown>, failure: string): Promise<boolean> {
  try {
    await what;
    return true;
  } catch (problem) {
    const why = reasonOf(problem);
    tell(why ? `${failure} ${why}` : failure, { tone: 'bad' });
    return false;
  }
}
