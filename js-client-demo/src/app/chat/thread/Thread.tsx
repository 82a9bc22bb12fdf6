import { useStore } from '@nanostores/react';
import { Ban } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useInbox, useLive } from '../../../hooks';
import { type Conversation, type Entry, messagesOf, type State } from '../../../inbox-client';
import { nameOf } from '../../format';
import { useNow } from '../../now';
import { tell } from '../../ui/toasts';
import { attempt } from '../attempt';
import { Composer, type ComposerHandle } from '../composer/Composer';
import { useDrop } from '../composer/drop';
import { contactText } from '../contact/text';
import { Lightbox, LightboxDialog } from '../media/lightbox';
import { type Acts, ActsOfThread } from './acts';
import { Find } from './Find';
import { firstUnread } from './groups';
import { Header } from './Header';
import { useLink } from './link';
import { Messages, type MessagesHandle } from './Messages';
import { useReading } from './passage';
import { searchBack } from './search-back';
import { useSeen } from './seen';
import { threadText } from './text';
import { useViewing } from './viewing';
import './thread.css';
import './message.css';
import '../media/media.css';

type Props = {
  conversation: Conversation;
  /** The message to show first, if a link named one. */
  messageId: string | null;
  /** Grows when the search is asked for from elsewhere. */
  findings: number;
  isPanelOpen: boolean;
  onPanel: () => void;
  composer: React.RefObject<ComposerHandle | null>;
};

const outboxIn = (state: State) => state.outbox;
const none: readonly Entry[] = [];

/** A conversation: what was said, and what is said next. */
export function Thread(props: Props) {
  const { conversation, messageId, findings, isPanelOpen, onPanel, composer } = props;
  const { id, contact } = conversation;
  const text = useStore(threadText);
  const { notSaved } = useStore(contactText);
  const inbox = useInbox();
  const now = useNow();
  const thread = useLive((state) => state.threads.get(id));
  const outbox = useLive(outboxIn);
  const typists = useLive((state) => state.typing.get(id));
  const viewers = useLive((state) => state.viewers.get(id)) ?? [];
  const isOnline = useLive((state) => state.connection.transport !== null);
  const afresh = useLive((state) => state.afresh);
  const list = useRef<MessagesHandle>(null);
  const [shownPicture, setShownPicture] = useState<string | null>(null);
  const [quoted, setQuoted] = useState<Entry | null>(null);
  const [sought, setSought] = useState<string | null>(null);
  const [found, setFound] = useState(findings);
  if (found !== findings) {
    setFound(findings);
    setSought((before) => before ?? '');
  }

  const drop = useDrop((files) => composer.current?.take(files));

  // Before the room is entered, so that leaving it comes last.
  useViewing(id);
  useEffect(() => inbox.open(id), [inbox, id]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: of the state, these parts are what messages are made of
  const live = useMemo(
    () => messagesOf(inbox.getSnapshot(), id),
    [inbox, id, thread, outbox, conversation.contact],
  );
  const reading = useReading(
    id,
    thread ? live : none,
    thread?.history ?? 'loading',
    () => void inbox.loadOlder(id),
  );
  const { entries, stretch, visit, leave } = reading;

  // What was unread when it was opened stays marked, however much of it has been read since.
  const [unreadAtOpening] = useState(conversation.unreadCount);
  const [dividerId, setDividerId] = useState<string | null>(null);
  const hasLoaded = Boolean(thread) && thread?.history !== 'loading' && live.length > 0;
  const [isDivided, setDivided] = useState(false);
  if (hasLoaded && !isDivided) {
    setDivided(true);
    setDividerId(firstUnread(live, unreadAtOpening));
  }
  const [isAtEnd, setAtEnd] = useState(true);
  useSeen(conversation, isAtEnd);

  const [target, setTarget] = useState<string | null>(messageId);
  const jump = useCallback(
    async (to: string) => {
      if (await visit(to)) setTarget(to);
      else tell(text.quotedLost, { tone: 'bad' });
    },
    [visit, text.quotedLost],
  );
  useLink(messageId, hasLoaded, jump);
  useEffect(() => {
    if (!target || !entries.slice(stretch.from, stretch.to).some(({ id }) => id === target)) return;
    list.current?.show(target);
    setTarget(null);
  }, [target, entries, stretch]);

  const acts = useMemo<Acts>(
    () => ({
      reply: (entry) => {
        setQuoted(entry);
        composer.current?.write('reply');
        composer.current?.focus();
      },
      jump: (to) => void jump(to),
      jumpToProvider: (providerId) => {
        void searchBack(inbox, id, providerId).then((message) =>
          message ? jump(message) : tell(text.quotedLost, { tone: 'bad' }),
        );
      },
      react: (entry, emoji) => void attempt(inbox.react(id, entry.id, emoji), notSaved),
      retry: (entry, force = false) => {
        const name = entry.outgoing?.clientId ?? entry.id;
        void attempt(inbox.retry(name, { force }), notSaved);
      },
      discard: ({ outgoing }) => outgoing && inbox.discard(outgoing.clientId),
    }),
    [composer, id, inbox, jump, notSaved, text.quotedLost],
  );

  const colleague = typists?.find(({ kind }) => kind === 'AGENT');
  const customer = typists?.find(({ kind }) => kind === 'CONTACT');
  return (
    <section className="thread" aria-labelledby="thread-name" {...drop.on}>
      <Header
        conversation={conversation}
        typist={customer}
        isPanelOpen={isPanelOpen}
        onPanel={onPanel}
        onFind={() => setSought((before) => (before === null ? '' : null))}
      />
      {sought !== null && (
        <Find
          conversationId={id}
          words={sought}
          onWords={setSought}
          onShow={acts.jump}
          onClose={() => setSought(null)}
        />
      )}
      {contact.isBlocked && (
        <p className="thread-notice">
          <Ban size={15} aria-hidden="true" /> {text.blockedHint}
        </p>
      )}
      <ActsOfThread value={acts}>
        <Lightbox value={setShownPicture}>
          <Messages
            key={afresh}
            ref={list}
            name={nameOf(contact)}
            entries={entries}
            stretch={stretch}
            live={live}
            dividerId={dividerId}
            history={reading.history}
            isDetached={reading.isDetached}
            hasNewerFailed={reading.hasNewerFailed}
            isOnline={isOnline}
            marks={sought ?? undefined}
            now={now}
            onOlder={reading.older}
            onNewer={reading.newer}
            onLive={leave}
            onEnd={setAtEnd}
          />
        </Lightbox>
      </ActsOfThread>
      <p className="thread-typing" role="status">
        {customer && (
          <>
            <span className="dots" aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            {text.agentTyping({ name: nameOf(contact) })}
          </>
        )}
        {!customer && colleague && (
          <span data-agent="true">{text.agentTyping({ name: colleague.name ?? '' })}</span>
        )}
        {!customer && !colleague && viewers.length > 0 && (
          <span data-agent="true">
            {viewers.length === 1
              ? text.isViewing({ name: viewers[0]?.name ?? '' })
              : text.viewing(viewers.length)}
          </span>
        )}
      </p>
      <Composer
        ref={composer}
        key={id}
        conversation={conversation}
        quoted={quoted}
        onQuote={setQuoted}
        isOver={drop.isOver}
        onSent={() => {
          leave();
          requestAnimationFrame(() => list.current?.toEnd());
        }}
      />
      {shownPicture && (
        <LightboxDialog entries={entries} shownId={shownPicture} onShow={setShownPicture} />
      )}
    </section>
  );
}
