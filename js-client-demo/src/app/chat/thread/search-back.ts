import type { Inbox } from '../../../inbox-client';

/** How many pages are read in search of a message that only the channel's name is known of. */
const patience = 20;

/** Reads older messages until the one comes that the channel knows by this name. Returns its id. */
export async function searchBack(
  inbox: Inbox,
  id: string,
  providerId: string,
): Promise<string | null> {
  for (let page = 0; page < patience; page += 1) {
    const thread = inbox.getSnapshot().threads.get(id);
    const found = thread?.messages.find((each) => each.whatsappMessageId === providerId);
    if (found) return found.id;
    // A page may be on its way already, which is waited for.
    if (thread?.history !== 'more' && thread?.history !== 'loading') return null;
    await inbox.loadOlder(id);
  }
  return null;
}
