import { useStore } from '@nanostores/react';
import { atom } from 'nanostores';
import { useInbox } from '../../../hooks';
import type { Inbox, Post } from '../../../inbox-client';
import { perInbox } from '../../per-inbox';

/** A file that is about to be sent, and how much of it is on the server. */
export type Attachment = {
  key: number;
  file: File;
  /** What to show of it; `null` for what cannot be seen. */
  preview: string | null;
  part: number;
  mediaId: string | null;
  hasFailed: boolean;
  /** What it failed of the last time. */
  problem?: unknown;
};

let last = 0;

/** What has been chosen in each conversation: it waits there for as long as the page lives. */
const filesOf = perInbox((inbox) => {
  const all = new Map<string, Files>();
  return (conversationId: string): Files => {
    const files = all.get(conversationId) ?? begin(inbox);
    all.set(conversationId, files);
    return files;
  };
});

/** The files of a message that is being written; each is handed over as soon as it is there. */
export function useAttachments(conversationId: string) {
  const files = filesOf(useInbox())(conversationId);
  return { ...files, attachments: useStore(files.attachments) };
}

type Files = ReturnType<typeof begin>;

function begin(inbox: Inbox) {
  const attachments = atom<readonly Attachment[]>([]);
  const running = new Map<number, AbortController>();

  const change = (key: number, changes: Partial<Attachment>) =>
    attachments.set(
      attachments.get().map((each) => (each.key === key ? { ...each, ...changes } : each)),
    );

  async function hand(key: number, file: File) {
    const stop = new AbortController();
    running.set(key, stop);
    change(key, { hasFailed: false, part: 0 });
    try {
      const onProgress = (part: number) => change(key, { part });
      const { id } = await inbox.upload(file, { signal: stop.signal, onProgress });
      change(key, { mediaId: id, part: 1 });
    } catch (problem) {
      change(key, { hasFailed: true, problem });
    } finally {
      running.delete(key);
    }
  }

  function add(files: Iterable<File>) {
    for (const file of files) {
      last += 1;
      const key = last;
      const preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : null;
      const added: Attachment = { key, file, preview, part: 0, mediaId: null, hasFailed: false };
      attachments.set([...attachments.get(), added]);
      void hand(key, file);
    }
  }

  function keep(isKept: (attachment: Attachment) => boolean) {
    const all = attachments.get();
    attachments.set(all.filter(isKept));
    for (const each of all) {
      if (each.preview && !isKept(each)) URL.revokeObjectURL(each.preview);
    }
  }

  function remove(key: number) {
    running.get(key)?.abort();
    keep((each) => each.key !== key);
  }

  return {
    attachments,
    add,
    remove,
    retry: ({ key, file }: Attachment) => void hand(key, file),
    clear: () => keep(() => false),
  };
}

/** The messages that carry these files; the words go with the first that can bear them. */
export function postsOf(attachments: readonly Attachment[], words: string): Post[] {
  let caption = words;
  const posts = attachments.map(({ file, mediaId }): Post => {
    const type = typeOf(file.type);
    const content = type === 'AUDIO' ? '' : caption;
    if (type !== 'AUDIO') caption = '';
    return {
      type,
      content,
      ...(mediaId && { mediaId }),
      ...(type === 'DOCUMENT' && { filename: file.name }),
    } as Post;
  });
  return caption ? [...posts, { content: caption } as Post] : posts;
}

/** As what WhatsApp takes a file: the kinds that it shows, and documents. */
function typeOf(mimeType: string): NonNullable<Post['type']> {
  if (/^image\/(jpeg|png|webp)$/.test(mimeType)) return 'IMAGE';
  if (/^video\/(mp4|3gpp)$/.test(mimeType)) return 'VIDEO';
  if (/^audio\//.test(mimeType)) return 'AUDIO';
  return 'DOCUMENT';
}
