import { useEffect, useRef, useState } from 'react';
import { useInbox } from '../../../hooks';
import type { Post } from '../../../inbox-client';

/** A file that is about to be sent, and how much of it is on the server. */
export type Attachment = {
  key: number;
  file: File;
  /** What to show of it; `null` for what cannot be seen. */
  preview: string | null;
  part: number;
  mediaId: string | null;
  hasFailed: boolean;
};

let last = 0;

/** The files of a message that is being written; each is handed over as soon as it is there. */
export function useAttachments() {
  const inbox = useInbox();
  const [attachments, setAttachments] = useState<readonly Attachment[]>([]);
  const running = useRef(new Map<number, AbortController>());
  const previews = useRef(new Set<string>());

  useEffect(
    () => () => {
      for (const stop of running.current.values()) stop.abort();
      for (const url of previews.current) URL.revokeObjectURL(url);
    },
    [],
  );

  const change = (key: number, changes: Partial<Attachment>) =>
    setAttachments((all) => all.map((each) => (each.key === key ? { ...each, ...changes } : each)));

  async function hand(key: number, file: File) {
    const stop = new AbortController();
    running.current.set(key, stop);
    change(key, { hasFailed: false, part: 0 });
    try {
      const onProgress = (part: number) => change(key, { part });
      const { id } = await inbox.upload(file, { signal: stop.signal, onProgress });
      change(key, { mediaId: id, part: 1 });
    } catch {
      change(key, { hasFailed: true });
    } finally {
      running.current.delete(key);
    }
  }

  function add(files: Iterable<File>) {
    for (const file of files) {
      last += 1;
      const key = last;
      const preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : null;
      if (preview) previews.current.add(preview);
      const added: Attachment = { key, file, preview, part: 0, mediaId: null, hasFailed: false };
      setAttachments((all) => [...all, added]);
      void hand(key, file);
    }
  }

  function remove(key: number) {
    running.current.get(key)?.abort();
    setAttachments((all) => all.filter((each) => each.key !== key));
  }

  return {
    attachments,
    add,
    remove,
    retry: ({ key, file }: Attachment) => void hand(key, file),
    clear: () => setAttachments([]),
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
