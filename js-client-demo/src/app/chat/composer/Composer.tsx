import { useStore } from '@nanostores/react';
import { Clock3, LayoutTemplate, Lock, Paperclip, Reply, SendHorizontal, X } from 'lucide-react';
import {
  type ClipboardEvent,
  type KeyboardEvent,
  type Ref,
  useEffect,
  useId,
  useImperativeHandle,
  useRef,
  useState,
} from 'react';
import { useInbox, useLive } from '../../../hooks';
import type { Conversation, Entry, Post } from '../../../inbox-client';
import { nameOf, useFormat, useLabelOf } from '../../format';
import { useNow } from '../../now';
import { useAgents } from '../../people';
import { authorOf } from '../thread/Quote';
import { threadText } from '../thread/text';
import { postsOf, useAttachments } from './attachments';
import { askCanned, matching, useCanned } from './canned';
import { Emojis } from './Emojis';
import { type Choice, Picker } from './Picker';
import { filledIn, mentionedIn, type Picking, picked, pickingAt, plain } from './picking';
import { type Kind, Special, SpecialDialog } from './Special';
import { Tray } from './Tray';
import { composerText } from './text';
import { windowOf } from './window';
import './composer.css';
import { IconButton } from '../../ui/IconButton';

/** What others do with the composer. */
export type ComposerHandle = {
  focus: () => void;
  write: (mode: 'reply' | 'note') => void;
  /** Attaches files, if what is written can carry them. */
  take: (files: Iterable<File>) => void;
};

type Props = {
  ref: Ref<ComposerHandle>;
  conversation: Conversation;
  /** What the next message answers. */
  quoted: Entry | null;
  onQuote: (entry: Entry | null) => void;
  /** Whether files are held over the conversation, about to be dropped. */
  isOver: boolean;
  onSent: () => void;
};

/** WhatsApp takes no longer texts: `channels/whatsapp/compose.rs`. */
const longestText = 4_096;
/** So long before its end the 24 hours are worth a warning. */
const soonMs = 2 * 3_600_000;

/** Where a message or a note is written. */
export function Composer({ ref, conversation, quoted, onQuote, isOver, onSent }: Props) {
  const { id, contact, inbox: on } = conversation;
  const text = useStore(composerText);
  const inbox = useInbox();
  const now = useNow();
  const [mode, setMode] = useState<'reply' | 'note'>('reply');
  const isNote = mode === 'note';
  // Notes and replies are begun apart, so that neither ever becomes the other.
  const draftId = isNote ? `note:${id}` : id;
  const words = useLive((state) => state.drafts.get(draftId) ?? '');
  const me = useLive((state) => state.me?.user.name ?? '');
  const area = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const { attachments, add, remove, retry, clear } = useAttachments(id);
  const [special, setSpecial] = useState<Kind | null>(null);
  const [picking, setPicking] = useState<Picking | null>(null);
  const [steps, setPick] = useState(0);
  const pickerId = useId();
  const agents = useAgents();
  const canned = useCanned(picking?.kind === 'canned');

  const window = windowOf(conversation, now);
  const isClosed = !isNote && !window.isOpen;
  const tooLong = words.length - longestText;
  const isUploading = !isNote && attachments.some(({ mediaId }) => mediaId === null);
  const hasSomething = words.trim() !== '' || (!isNote && attachments.length > 0);
  const canAttach = !isNote && !isClosed;
  const canSend = hasSomething && !isUploading && tooLong <= 0 && !isClosed;

  useImperativeHandle(ref, () => ({
    focus: () => area.current?.focus(),
    write: (next) => {
      setMode(next);
      requestAnimationFrame(() => area.current?.focus());
    },
    take: (dropped) => canAttach && add(dropped),
  }));
  // A phone's keyboard stays down until it is asked for.
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) area.current?.focus();
  }, []);
  useEffect(() => () => inbox.type(id, false), [inbox, id]);
  // Who goes over to a note does not write to the customer any more.
  useEffect(() => {
    if (isNote) inbox.type(id, false);
  }, [inbox, id, isNote]);

  const noCanned = {
    loading: text.cannedLoading,
    failed: text.cannedFailed,
    ready: text.noCanned,
  };
  const choices = choicesFor(picking);
  // What is asked for anew may be less than was there.
  const pick = Math.min(steps, choices.length - 1);
  function choicesFor(now: Picking | null): readonly Choice[] {
    if (!now) return [];
    if (now.kind === 'canned') {
      return matching(canned.all, now.words).map((each) => ({
        id: each.id,
        title: `/${each.shortcut}`,
        words: each.content,
      }));
    }
    return agents
      .filter(({ name, isDisabled }) => !isDisabled && plain(name).includes(plain(now.words)))
      .map(({ id: agent, name }) => ({ id: agent, title: name }));
  }

  function write(next: string, caret: number) {
    inbox.draft(draftId, next);
    if (!isNote) inbox.type(id, next !== '');
    setPicking(pickingAt(next, caret, isNote));
    setPick(0);
  }

  function put(choice: Choice) {
    if (!picking) return;
    const said =
      picking.kind === 'canned'
        ? filledIn(choice.words ?? '', contact.name ?? '', me)
        : `@${choice.title} `;
    const [next, caret] = picked(words, picking, said);
    write(next, caret);
    setPicking(null);
    requestAnimationFrame(() => area.current?.setSelectionRange(caret, caret));
  }

  function insert(piece: string) {
    const at = area.current?.selectionStart ?? words.length;
    const to = area.current?.selectionEnd ?? at;
    write(words.slice(0, at) + piece + words.slice(to), at + piece.length);
    requestAnimationFrame(() =>
      area.current?.setSelectionRange(at + piece.length, at + piece.length),
    );
  }

  function sendPost(post: Post) {
    inbox.send(id, quoted && !post.replyTo ? { ...post, replyTo: quoted.id } : post);
    onQuote(null);
    onSent();
  }

  function send() {
    const said = words.trim();
    if (!canSend) return;
    if (isNote) {
      inbox.note(id, said, mentionedIn(said, agents));
      onSent();
    } else if (attachments.length > 0) {
      postsOf(attachments, said).forEach(sendPost);
      clear();
    } else {
      sendPost({ content: said } as Post);
    }
    inbox.draft(draftId, '');
    setPicking(null);
    area.current?.focus();
  }

  function press(event: KeyboardEvent<HTMLTextAreaElement>) {
    // A key that belongs to what is being composed (accents, Chinese, Japanese) is not for us.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (picking && choices.length > 0) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        return setPick((pick + step + choices.length) % choices.length);
      }
      const choice = choices[pick];
      if ((event.key === 'Enter' || event.key === 'Tab') && choice) {
        event.preventDefault();
        return put(choice);
      }
    }
    if (event.key === 'Escape') {
      event.stopPropagation();
      if (picking) return setPicking(null);
      if (quoted) return onQuote(null);
      return event.currentTarget.blur();
    }
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      // A shortcut means what it stands for; as it is, it is sent by who first closes the list.
      if (picking?.kind === 'canned' && canned.state !== 'ready') return askCanned(inbox);
      send();
    }
  }

  function paste(event: ClipboardEvent) {
    const pasted = [...event.clipboardData.files];
    if (pasted.length === 0 || isNote) return;
    event.preventDefault();
    add(pasted);
  }

  return (
    <div className="composer" data-mode={mode} data-over={isOver && canAttach}>
      {isOver && canAttach && <p className="composer-drop">{text.dropHere}</p>}
      <div className="composer-top">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a row of buttons */}
        <div className="composer-modes" role="group" aria-label={text.mode}>
          <button type="button" aria-pressed={!isNote} onClick={() => setMode('reply')}>
            {text.reply}
          </button>
          <button type="button" aria-pressed={isNote} onClick={() => setMode('note')}>
            <Lock size={12} aria-hidden="true" /> {text.note}
          </button>
        </div>
        <WindowLeft conversation={conversation} now={now} />
      </div>
      {quoted && !isNote && <Quoting quoted={quoted} onCancel={() => onQuote(null)} />}
      {isClosed ? (
        <div className="composer-closed">
          <p>{text.windowClosedHint}</p>
          <button type="button" className="button primary" onClick={() => setSpecial('template')}>
            <LayoutTemplate size={16} aria-hidden="true" /> {text.sendTemplate}
          </button>
        </div>
      ) : (
        <>
          {!isNote && <Tray attachments={attachments} onRemove={remove} onRetry={retry} />}
          {picking && (
            <Picker
              id={pickerId}
              label={picking.kind === 'canned' ? text.canned : text.mentions}
              choices={choices}
              index={pick}
              empty={picking.kind === 'canned' ? noCanned[canned.state] : text.noMentions}
              onPick={put}
            />
          )}
          <textarea
            ref={area}
            rows={1}
            dir="auto"
            value={words}
            placeholder={isNote ? text.writeNote : text.writeReply}
            aria-label={isNote ? text.writeNote : text.writeReply}
            aria-autocomplete="list"
            aria-controls={picking ? pickerId : undefined}
            aria-activedescendant={
              picking && choices.length > 0 ? `${pickerId}-${pick}` : undefined
            }
            onChange={({ target }) => write(target.value, target.selectionStart)}
            onKeyDown={press}
            onPaste={paste}
            onBlur={() => setPicking(null)}
          />
          <div className="composer-foot">
            {!isNote && (
              <>
                <IconButton
                  icon={Paperclip}
                  label={text.attach}
                  onClick={() => files.current?.click()}
                />
                <input
                  ref={files}
                  type="file"
                  multiple
                  hidden
                  onChange={({ target }) => {
                    add([...(target.files ?? [])]);
                    target.value = '';
                  }}
                />
              </>
            )}
            <Emojis onPick={insert} />
            {!isNote && (
              <Special
                isWindowOpen={window.isOpen}
                isWhatsApp={on.channel === 'whatsapp'}
                onSend={sendPost}
              />
            )}
            <p className="composer-hint" data-bad={tooLong > 0}>
              {tooLong > 0 ? text.tooLong(tooLong) : isNote ? text.noteHint : text.hint}
            </p>
            <button
              type="button"
              className="button primary composer-send"
              disabled={!canSend}
              aria-label={isNote ? text.save : text.send}
              onClick={send}
            >
              <SendHorizontal size={16} aria-hidden="true" />{' '}
              <span>{isNote ? text.save : text.send}</span>
            </button>
          </div>
        </>
      )}
      <SpecialDialog kind={special} onSend={sendPost} onClose={() => setSpecial(null)} />
    </div>
  );
}

/** How long WhatsApp lets one write freely yet. */
function WindowLeft({ conversation, now }: { conversation: Conversation; now: number }) {
  const text = useStore(composerText);
  const { duration } = useFormat();
  const window = windowOf(conversation, now);
  if (!window.isOpen) {
    return (
      <span className="window" data-window="closed">
        <Clock3 size={13} aria-hidden="true" /> {text.windowClosed}
      </span>
    );
  }
  if (window.leftMs === null) return null;
  const time = duration(window.leftMs);
  return (
    <span
      className="window"
      data-window={window.leftMs < soonMs ? 'soon' : 'open'}
      title={text.window({ time })}
    >
      <Clock3 size={13} aria-hidden="true" />
      <span className="window-long">{text.window({ time })}</span>
      <span className="window-short" aria-hidden="true">
        {time}
      </span>
    </span>
  );
}

function Quoting({ quoted, onCancel }: { quoted: Entry; onCancel: () => void }) {
  const text = useStore(composerText);
  const { you } = useStore(threadText);
  const labelOf = useLabelOf();
  return (
    <div className="quoting">
      <Reply size={16} aria-hidden="true" />
      <p>
        <b>{text.replyingTo({ name: authorOf(quoted, you) || nameOf(quoted.contact) })}</b>
        <span dir="auto">{quoted.content || labelOf(quoted)}</span>
      </p>
      <IconButton icon={X} size={16} label={text.cancelReply} onClick={onCancel} />
    </div>
  );
}
