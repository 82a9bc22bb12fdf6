import { io } from 'socket.io-client';
import { thisBrowser } from '../../inbox-client/link/browser';
import type { ApiError } from '../../inbox-client/problem';
import { deviceStorage } from '../../inbox-client/storage';
import { colorOf, heard, languageOf, say, type ToPage, type ToPanel } from '../talk';
import { Chat } from './chat';
import { h, icon } from './dom';
import { preChat } from './forms';
import { Log } from './log';
import { words as allWords } from './text';
import './panel.css';

/** The chat on a site, in a frame of the server's own. */
function start(inbox: string, asked: URLSearchParams): void {
  const pageOrigin = asked.get('origin') ?? location.origin;
  const language = languageOf(asked.get('locale'), navigator.language);
  const words = allWords[language];
  document.documentElement.lang = language;

  const tell = (word: ToPage) => parent !== window && say(parent, pageOrigin, word);
  let isDrawing = false;
  const chat = new Chat({
    inbox,
    storage: deviceStorage(),
    makeSocket: io,
    browser: thisBrowser,
    locale: language,
    log: (line) => console.debug(line),
    onChange: () => {
      // However much happens, it is drawn once.
      if (isDrawing) return;
      isDrawing = true;
      queueMicrotask(() => {
        isDrawing = false;
        draw();
      });
    },
    onUnread: (count, preview) => tell({ say: 'unread', count, preview }),
    onBegun: () => tell({ say: 'begun' }),
  });

  const name = h('h1');
  const presence = h('span', { class: 'presence' });
  const connection = h('span', { class: 'connection', role: 'status' });
  const tryNow = h('button', {
    class: 'now',
    type: 'button',
    text: words.tryNow,
    hidden: true,
    onclick: () => chat.retryNow(),
  });
  const menu = h('div', { class: 'menu', popover: 'auto', id: 'menu' });
  const options = button(
    words.more,
    'M11 5a1 1 0 0 0 2 0 1 1 0 0 0-2 0M11 12a1 1 0 0 0 2 0 1 1 0 0 0-2 0M11 19a1 1 0 0 0 2 0 1 1 0 0 0-2 0',
  );
  options.setAttribute('popovertarget', 'menu');
  const close = button(words.close, 'm6 9 6 6 6-6');
  close.onclick = () => tell({ say: 'close' });
  menu.append(choice(words.transcript, saveAll), choice(words.end, end));
  const log = new Log(chat, words, language);
  const notice = h('div', { class: 'notice' });
  const entry = h('textarea', {
    rows: 1,
    maxLength: 4_096,
    placeholder: words.write,
    'aria-label': words.write,
  });
  const send = button(
    words.send,
    'M3.7 3a.5.5 0 0 0-.7.7l2.9 7.6a2 2 0 0 1 0 1.4L3 20.3a.5.5 0 0 0 .7.7l18-8.5a.5.5 0 0 0 0-.9zM6 12h16',
  );
  send.type = 'submit';
  const picker = h('input', { type: 'file', multiple: true, hidden: true });
  const attach = button(words.attach, 'M12 5v14M5 12h14');
  const composer = h('form', { class: 'composer' }, attach, picker, entry, send);
  let first: HTMLFormElement | null = null;
  const tray = h('div');
  const foot = h('div', { class: 'foot' }, tray, composer);
  document.body.append(
    h(
      'header',
      {},
      h('div', { class: 'who' }, name, h('small', {}, connection, presence, tryNow)),
      options,
      close,
      menu,
    ),
    h('main', {}, log.element, notice, foot),
  );

  function draw(): void {
    const { site, session } = chat;
    paint(asked.get('color') ?? site?.color);
    name.textContent = site?.title ?? words.title;
    presence.textContent =
      chat.agents === 'available' ? words.available : (site?.offlineText ?? words.away);
    drawConnection();
    options.hidden = !session || session.status === 'new';
    log.draw();
    drawNotice();
    const asks = site !== null && !chat.knowsEnough;
    if (asks && !first) {
      first = preChat(chat, words, () => entry.focus());
      foot.prepend(first);
    } else if (!asks && first) {
      first.remove();
      first = null;
    }
    // What is asked first is known only then.
    composer.hidden = !site || asks || chat.isClosed;
    attach.hidden = !site?.largestFileKb;
    send.disabled = entry.value.trim() === '';
  }

  function focus(): void {
    (first?.querySelector<HTMLElement>('input,select') ?? entry).focus();
  }

  function drawConnection(): void {
    const { status } = chat.connection;
    const shown = (
      {
        connected: ['live', words.live],
        polling: ['polling', words.polling],
        connecting: ['connecting', words.connecting],
        disconnected: ['offline', words.offline],
        error: ['offline', words.offline],
      } as const
    )[status];
    connection.className = `connection ${shown[0]}`;
    connection.textContent = shown[1];
    tryNow.hidden = shown[0] !== 'offline';
  }

  let noticed: string | null = '';
  function drawNotice(): void {
    const isOver = chat.session?.status === 'ended';
    const state = chat.isClosed ? 'closed' : isOver ? `ended ${Boolean(chat.session?.rating)}` : '';
    if (state === noticed) return;
    noticed = state;
    notice.replaceChildren();
    if (chat.isClosed) notice.append(h('p', { class: 'over', text: words.closed }));
    else if (isOver) {
      import('./later/over').then(
        ({ over }) => {
          if (state === noticed) notice.replaceChildren(...over(chat, language));
          log.toEnd();
        },
        () => {
          if (state !== noticed) return;
          const again = () => {
            noticed = null;
            drawNotice();
          };
          notice.replaceChildren(h('div', { role: 'alert' }, retrying(words.notRated, again)));
          log.toEnd();
        },
      );
    }
    log.toEnd();
  }

  function choice(text: string, act: () => void): HTMLButtonElement {
    const made = h('button', { type: 'button', text });
    made.onclick = () => {
      menu.hidePopover();
      act();
    };
    return made;
  }

  /** Sends files; what it takes to is fetched with the first, and if that fails, when somebody asks again. */
  function bring(files: readonly File[]): void {
    import('./later/files').then(
      (later) => {
        for (const file of files) later.bring(chat, file, language, tray);
      },
      () => {
        const names = files.map(({ name }) => name).join(', ');
        sayNotDone(`${names}: ${words.notBrought}`, () => bring(files));
      },
    );
  }

  function saveAll(): void {
    import('./later/transcript')
      .then(({ save }) => save(chat))
      .catch(() => sayNotDone(words.notSaved, saveAll));
  }

  function end(): void {
    chat.end().catch(() => sayNotDone(words.notEnded, end));
  }

  /** Says once what could not be done, until somebody has it tried again. */
  function sayNotDone(what: string, again: () => void): void {
    const said = [...tray.children].find(({ textContent }) => textContent === what);
    said?.remove();
    const line = h('div', { role: 'alert' });
    line.append(
      retrying(what, () => {
        line.remove();
        again();
      }),
    );
    tray.append(line);
  }

  attach.onclick = () => picker.click();
  picker.onchange = () => {
    bring([...(picker.files ?? [])]);
    picker.value = '';
  };
  entry.onpaste = ({ clipboardData }) => {
    if (!attach.hidden && clipboardData?.files.length) bring([...clipboardData.files]);
  };
  entry.oninput = () => {
    chat.type();
    send.disabled = entry.value.trim() === '';
    entry.style.height = 'auto';
    entry.style.height = `${Math.min(entry.scrollHeight, 120)}px`;
  };
  entry.onkeydown = (event) => {
    // While something is composed the code is 229, also of the Enter that ends it, wherever that comes.
    if (event.keyCode !== 13 || event.shiftKey) return;
    event.preventDefault();
    composer.requestSubmit();
  };
  composer.onsubmit = (event) => {
    event.preventDefault();
    const content = entry.value.trim();
    if (!content) return;
    entry.value = '';
    entry.style.height = 'auto';
    chat.send(content);
    log.toEnd();
    entry.focus();
  };
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !menu.matches(':popover-open')) tell({ say: 'close' });
  });
  addEventListener('message', (event) => {
    const word = heard<ToPanel>(event, parent, pageOrigin);
    if (!word) return;
    if (word.say === 'opened') {
      chat.show(true);
      log.toEnd();
      if (word.focus) focus();
    } else if (word.say === 'closed') chat.show(false);
    else if (word.say === 'page') chat.look(word.page);
    else {
      chat.identify(word.identity).then(
        () => chat.session && tell({ say: 'ready' }),
        () => {},
      );
    }
  });

  draw();
  // Opened as a page of its own, it is always in view.
  if (parent === window) chat.show(true);
  tell({ say: 'ready' });
  chat.start().then(
    () => {
      draw();
      if (document.hasFocus()) focus();
    },
    ({ status, message }: ApiError) => {
      if (status === 404 || status === 403) tell({ say: 'refused', why: message });
    },
  );
}

function retrying(text: string, onclick: () => void): HTMLButtonElement {
  return h('button', { class: 'again', type: 'button', text, onclick });
}

function button(label: string, line: string): HTMLButtonElement {
  return h('button', { type: 'button', class: 'icon', 'aria-label': label }, icon(line));
}

function paint(color: string | null | undefined): void {
  const safe = colorOf(color);
  if (safe) document.documentElement.style.setProperty('--color', safe);
}

const inbox = decodeURIComponent(location.pathname.split('/').at(-1) ?? '');
start(inbox, new URLSearchParams(location.search));
