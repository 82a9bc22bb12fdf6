import type { Media } from '../../../inbox-client';
import { ApiError } from '../../../inbox-client/problem';
import { upload } from '../../../inbox-client/upload';
import type { Language } from '../../talk';
import type { Chat } from '../chat';
import { h } from '../dom';
import look from './files.css?inline';
import { type FileWords, fileWords } from './text';

const sheet = new CSSStyleSheet();
sheet.replaceSync(look);
document.adoptedStyleSheets.push(sheet);

/** For so long an address is certainly still good, of the five minutes that the server gives it. */
const goodForMs = 4 * 60_000;

/** Hands a file over and sends it; shows how far it is, and why it could not be. */
export function bring(chat: Chat, file: File, language: Language, tray: HTMLElement): void {
  const words = fileWords[language];
  const told = h('span', { role: 'status' });
  const acts = h('span');
  const line = h('div', { class: 'bringing' }, told, acts);
  tray.append(line);
  void send();

  async function send(): Promise<void> {
    const ended = new AbortController();
    const part = h('progress', { max: 1, value: 0, 'aria-label': words.sending(file.name) });
    const name = h('b', { text: file.name });
    line.classList.remove('refused');
    told.replaceChildren(name, part);
    acts.replaceChildren(act(words.cancel, () => ended.abort()));
    try {
      const mostKb = chat.site?.largestFileKb ?? 0;
      if (file.size > mostKb * 1_000) throw new ApiError(413, 'too_large');
      const { visit } = chat;
      if (!chat.session) await visit.enter();
      const { signal } = ended;
      const { id } = await upload(visit.path('media'), visit.key, file, {
        signal,
        onProgress: (value) => Object.assign(part, { value }),
      });
      if (signal.aborted) return line.remove();
      chat.send('', id);
      line.remove();
    } catch (problem) {
      if (ended.signal.aborted) return line.remove();
      refuse(problem);
    }
  }

  function refuse(problem: unknown): void {
    const { code } = problem as { code?: string };
    line.classList.add('refused');
    told.replaceChildren(h('b', { text: file.name }), wordsFor(code, chat, language, words));
    const isFinal = code === 'too_large' || code === 'unsupported_file';
    acts.replaceChildren(
      ...(isFinal ? [] : [act(words.tryAgain, () => void send())]),
      act(words.dismiss, () => line.remove()),
    );
  }

  function act(text: string, onclick: () => void): HTMLButtonElement {
    return h('button', { type: 'button', text, onclick });
  }
}

function wordsFor(
  code: string | undefined,
  chat: Chat,
  language: Language,
  words: FileWords,
): string {
  if (code === 'too_large')
    return words.tooLarge(sizeIn(language, (chat.site?.largestFileKb ?? 0) * 1_000));
  if (code === 'unsupported_file') return words.unsupported;
  return code === 'rate_limited' ? words.tooOften : words.failed;
}

/** A file that was sent, as it can be seen, heard or opened. */
export async function shown(
  { visit }: Chat,
  media: Media,
  language: Language,
): Promise<HTMLElement> {
  const name = media.filename ?? '';
  const kind = media.mimeType?.split('/')[0];
  let url = '';
  let at = 0;
  await renew();
  if (kind === 'audio' || kind === 'video') {
    const preload = kind === 'audio' ? 'none' : 'metadata';
    const player = h(kind, { controls: true, src: url, preload });
    player.onerror = () => {
      if (isGood()) return;
      const { currentTime, paused } = player;
      renew()
        .then(
          () => {
            Object.assign(player, { src: url, currentTime });
            return paused ? undefined : player.play();
          },
          () => {
            // It tries again when somebody plays it.
            player.preload = 'none';
            player.load();
          },
        )
        .catch(() => {});
    };
    return player;
  }
  const { width, height, size } = media;
  const details = [name, size === undefined ? '' : sizeIn(language, size)].filter(Boolean);
  const what =
    kind === 'image'
      ? h('img', { src: url, alt: name, ...(width && height ? { width, height } : {}) })
      : `📎 ${details.join(' · ')}`;
  const link = h('a', { href: url, target: '_blank', rel: 'noopener' }, what);
  link.onclick = (event) => {
    if (isGood()) return;
    event.preventDefault();
    renew().then(
      () => {
        link.href = url;
        link.click();
      },
      () => {},
    );
  };
  return link;

  function isGood(): boolean {
    return Date.now() - at < goodForMs;
  }

  async function renew(): Promise<void> {
    ({ url } = await visit.get<{ url: string }>(visit.path(`media/${media.id}`)));
    at = Date.now();
  }
}

function sizeIn(language: Language, bytes: number): string {
  const isLarge = bytes >= 1_000_000;
  const unit = isLarge ? 'megabyte' : 'kilobyte';
  const format = new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    maximumFractionDigits: isLarge ? 1 : 0,
  });
  return format.format(isLarge ? bytes / 1_000_000 : Math.max(1, bytes / 1_000));
}
