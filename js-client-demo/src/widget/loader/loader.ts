import {
  colorOf,
  heard,
  type Identity,
  languageOf,
  type SitePage,
  say,
  type ToPage,
  type ToPanel,
} from '../talk';
import look from './look.css?inline';

/*
 * <script async src="https://inbox.example/widget.js" data-inbox="pub_…"
 *   [data-color="#0b6b8a"] [data-position="left"] [data-locale="en"]></script>
 *
 * A launcher that neither touches the page nor is touched by it. The panel is a page of the server's
 * own, and nothing is fetched before a visitor opens it, unless they have talked here before.
 */

declare global {
  interface Window {
    Recado?: {
      open: () => void;
      close: () => void;
      /** Who the visitor is, by the word of the site's server. */
      identify: (identity: Identity) => void;
    };
  }
}

const words = {
  'pt-BR': {
    open: 'Abrir o chat',
    close: 'Fechar o chat',
    unread: { one: 'não lida', other: 'não lidas' },
    chat: 'Chat',
  },
  en: {
    open: 'Open the chat',
    close: 'Close the chat',
    unread: { one: 'unread', other: 'unread' },
    chat: 'Chat',
  },
};

/** How long the panel may take to say that it is there, at all and once it is loaded, in milliseconds. */
const patienceMs = 15_000;
const loadedPatienceMs = 1_000;

/** The pages of a site remember here that there is something to come back to. */
const begunKey = (inbox: string) => `recado.${inbox}`;

function start(script: HTMLScriptElement, inbox: string): void {
  const { color, position, locale } = script.dataset;
  const { origin } = new URL(script.src);
  const language = languageOf(locale, document.documentElement.lang, navigator.language);
  const text = words[language];

  const host = document.createElement('recado-widget');
  if (position === 'left') host.dataset.side = 'left';
  const root = host.attachShadow({ mode: 'closed' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(look);
  root.adoptedStyleSheets = [sheet];
  const all = element('div', '');
  const preview = element('button', 'preview');
  const launcher = element('button', 'launcher');
  const count = element('span', 'count');
  all.style.setProperty('--color', colorOf(color) ?? '#0b6b8a');
  launcher.append(
    icon('talk', 'M7.9 20A9 9 0 1 0 4 16.1L2 22Z'),
    icon('shut', 'M18 6 6 18M6 6l12 12'),
  );
  launcher.ariaHasPopup = 'dialog';
  count.role = 'status';
  all.append(preview, launcher, count);
  root.append(all);

  let panel: HTMLIFrameElement | null = null;
  let isOpen = false;
  let isReady = false;
  let waiting: ToPanel[] = [];

  const tell = (word: ToPanel) => {
    if (isReady && panel?.contentWindow) say(panel.contentWindow, origin, word);
    else waiting.push(word);
  };

  function load(): void {
    if (panel) return;
    panel = document.createElement('iframe');
    panel.title = text.chat;
    const asked = new URLSearchParams({ origin: location.origin, locale: language });
    if (colorOf(color)) asked.set('color', color ?? '');
    panel.src = `${origin}/widget/${encodeURIComponent(inbox)}?${asked}`;
    // A page that may not show the panel is not told so: the browser loads an empty frame.
    panel.onload = () => setTimeout(giveUp, loadedPatienceMs);
    setTimeout(giveUp, patienceMs);
    all.append(panel);
    tell({ say: 'page', page: pageNow() });
  }

  function giveUp(): void {
    if (isReady || host.hidden) return;
    const why = 'the chat may not be shown on this site, or its server cannot be reached';
    take({ say: 'refused', why });
  }

  function show(open: boolean): void {
    if (open === isOpen) return;
    isOpen = open;
    if (open) load();
    all.classList.toggle('open', open);
    launcher.ariaExpanded = String(open);
    launcher.ariaLabel = open ? text.close : text.open;
    if (open) {
      count.textContent = preview.textContent = '';
      grow();
      panel?.focus();
    } else launcher.focus();
    tell(open ? { say: 'opened', focus: true } : { say: 'closed' });
  }

  /** Keeps the panel above the keyboard of phones whose pages do not shrink for it. */
  function grow(): void {
    const height = visualViewport?.height;
    if (height) all.style.setProperty('--height', `${height}px`);
  }

  function take(word: ToPage): void {
    if (word.say === 'ready') {
      isReady = true;
      // What lets in only whom the site vouches for is refused until the site does.
      host.hidden = false;
      for (const each of waiting) tell(each);
      waiting = [];
    } else if (word.say === 'close') show(false);
    else if (word.say === 'begun') remember(begunKey(inbox));
    else if (word.say === 'refused') {
      console.error(`recado: ${word.why}`);
      host.hidden = true;
    } else if (!isOpen) {
      const many = word.count > 99 ? '99+' : String(word.count);
      count.textContent = word.count ? many : '';
      count.ariaLabel = `${many} ${text.unread[word.count === 1 ? 'one' : 'other']}`;
      preview.textContent = word.count ? word.preview : '';
    }
  }

  launcher.onclick = () => show(!isOpen);
  preview.onclick = () => show(true);
  launcher.ariaLabel = text.open;
  launcher.ariaExpanded = 'false';
  visualViewport?.addEventListener('resize', grow);
  addEventListener('keydown', (event) => event.key === 'Escape' && show(false));
  addEventListener('message', (event) => {
    const word = panel && heard<ToPage>(event, panel.contentWindow, origin);
    if (word) take(word);
  });
  // Pages that change without being loaded say so only here.
  const moved = () => panel && tell({ say: 'page', page: pageNow() });
  addEventListener('popstate', moved);
  (window as { navigation?: EventTarget }).navigation?.addEventListener('navigatesuccess', moved);

  window.Recado = {
    open: () => show(true),
    close: () => show(false),
    identify: (identity) => tell({ say: 'identify', identity }),
  };
  document.body.append(host);
  if (hasBegun(begunKey(inbox))) (window.requestIdleCallback ?? setTimeout)(load);
}

function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.className = name;
  if (made instanceof HTMLButtonElement) made.type = 'button';
  return made;
}

/** Drawn by hand: a page may forbid that text becomes markup. */
function icon(name: string, line: string): SVGElement {
  const of = (tag: 'svg' | 'path') => document.createElementNS('http://www.w3.org/2000/svg', tag);
  const [drawing, path] = [of('svg'), of('path')];
  drawing.setAttribute('class', name);
  drawing.setAttribute('viewBox', '0 0 24 24');
  path.setAttribute('d', line);
  drawing.append(path);
  return drawing;
}

function pageNow(): SitePage {
  const { title, referrer } = document;
  // What stands behind `?` and `#` may be a secret of the site's.
  const url = location.origin + location.pathname;
  return { url, title, ...(referrer && { referrer: new URL(referrer).origin }) };
}

function hasBegun(key: string): boolean {
  try {
    return localStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}

function remember(key: string): void {
  try {
    localStorage.setItem(key, '1');
  } catch {
    // A page whose storage is forbidden loads the panel when it is opened.
  }
}

const script = document.currentScript as HTMLScriptElement | null;
const inbox = script?.dataset.inbox;
if (!script || !inbox) console.error('recado: the script has no data-inbox');
else if (!window.Recado) {
  if (document.body) start(script, inbox);
  else addEventListener('DOMContentLoaded', () => start(script, inbox));
}
