import { ApiError } from '../../inbox-client';
import { tell } from '../ui/toasts';

/** Does something on the server; where that fails, says so. Returns whether it worked. */
export async function attempt(what: Promise<unknown>, failure: string): Promise<boolean> {
  try {
    await what;
    return true;
  } catch (problem) {
    const why = problem instanceof ApiError && problem.code ? ` (${problem.code})` : '';
    tell(failure + why, { tone: 'bad' });
    return false;
  }
}
