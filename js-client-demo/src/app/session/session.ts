import { openSession } from '../../inbox-client';

/** Who is signed in on this browser, in all its tabs. */
export const session = openSession();
