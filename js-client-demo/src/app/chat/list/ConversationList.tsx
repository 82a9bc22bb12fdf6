import { useStore } from '@nanostores/react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp, Inbox as InboxIcon, Search, SearchX, X } from 'lucide-react';
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useInbox, useLive } from '../../../hooks';
import { type Conversation, chatsOf, type State } from '../../../inbox-client';
import { useNow } from '../../now';
import { Filters } from './Filters';
import { useFound } from './found';
import { Hits } from './Hits';
import { useHeldOrder } from './held-order';
import {
  filterOf,
  filtersOf,
  isActive,
  narrow,
  narrowingOf,
  type Tab,
  usualNarrowing,
} from './narrowing';
import { usePages } from './pages';
import { Row } from './Row';
import { listText } from './text';
import './list.css';
import { IconButton } from '../../ui/IconButton';

type Props = {
  openId: string | null;
  search: RefObject<HTMLInputElement | null>;
  /** Told which conversations are listed, for the keys that walk through them. */
  onShown: (shown: readonly Conversation[]) => void;
};

const rowPx = 76;
const tabs: readonly Tab[] = ['mine', 'nobodys', 'all'];

const conversationsIn = (state: State) => state.conversations;
const draftsIn = (state: State) => state.drafts;
const typingIn = (state: State) => state.typing;
const phaseIn = (state: State) => state.phase;

/** The conversations, narrowed down, searched and in order. */
export function ConversationList({ openId, search, onShown }: Props) {
  const text = useStore(listText);
  const inbox = useInbox();
  const wanted = useStore(narrowingOf(inbox));
  const [words, setWords] = useState('');
  const me = useLive((state) => state.me?.user.id ?? null);
  const conversations = useLive(conversationsIn);
  const drafts = useLive(draftsIn);
  const typing = useLive(typingIn);
  const phase = useLive(phaseIn);
  const now = useNow();
  const query = words.trim();
  const filter = useMemo(() => filterOf(wanted, me, query), [wanted, me, query]);
  const found = useFound(query);
  const { state: moreState, loadMore } = usePages(filter, wanted.status);
  const [, go] = useLocation();

  const list = useMemo(() => {
    const chats = chatsOf({ conversations } as State, filter);
    return query || wanted.status !== 'active' ? chats : chats.filter(isActive);
  }, [conversations, filter, query, wanted.status]);
  const { shown, moved, hold, release } = useHeldOrder(list);
  useEffect(() => onShown(shown), [shown, onShown]);

  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowPx,
    getItemKey: useCallback((index: number) => shown[index]?.id ?? index, [shown]),
    overscan: 6,
  });

  // The open row stays in view when keys walk through the list.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another open conversation moves the list
  useEffect(() => {
    const index = shown.findIndex(({ id }) => id === openId);
    if (index >= 0) rows.scrollToIndex(index, { align: 'auto' });
  }, [openId]);

  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (moreState === 'more' && last >= shown.length - 10) loadMore();
  }, [moreState, last, shown.length, loadMore]);

  const { inboxes, labels } = useMemo(() => choicesIn(conversations), [conversations]);
  return (
    <nav className="chat-list" aria-label={text.conversations}>
      <div className="chat-list-top">
        <div className="chat-search">
          <Search size={16} aria-hidden="true" />
          <input
            ref={search}
            type="search"
            dir="auto"
            value={words}
            placeholder={text.search}
            aria-label={text.search}
            aria-keyshortcuts="Control+K /"
            onChange={(event) => setWords(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && shown[0]) go(`/chat/${shown[0].id}`);
              if (event.key !== 'Escape') return;
              event.stopPropagation();
              if (words) setWords('');
              else event.currentTarget.blur();
            }}
          />
          {words && (
            <IconButton icon={X} size={15} label={text.clear} onClick={() => setWords('')} />
          )}
        </div>
        <Filters inboxes={inboxes} labels={labels} />
        {!query && (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a row of buttons
          <div className="chat-tabs" role="group" aria-label={text.tabs}>
            {tabs.map((tab) => (
              <button
                key={tab}
                type="button"
                aria-pressed={wanted.tab === tab}
                onClick={() => {
                  release();
                  narrow(inbox, { tab });
                }}
              >
                {text[tab]}
              </button>
            ))}
          </div>
        )}
        {/* Not above the rows, where it would come between the pointer and what it aims at. */}
        {moved > 0 && (
          <button type="button" className="chat-moved" title={text.moved(moved)} onClick={release}>
            <ArrowUp size={14} aria-hidden="true" /> <span aria-hidden="true">{moved}</span>
            <span className="unseen">{text.moved(moved)}</span>
          </button>
        )}
      </div>
      <div
        ref={box}
        className="chat-rows"
        onPointerEnter={(event) => event.pointerType === 'mouse' && hold()}
        onPointerLeave={release}
      >
        {phase === 'loading' && shown.length === 0 && <Ghosts />}
        {phase !== 'loading' &&
          shown.length === 0 &&
          moreState !== 'loading' &&
          found.hits.length === 0 && (
            <Nothing isSearch={query !== ''} isBusy={found.state === 'searching'} />
          )}
        <ul style={{ height: rows.getTotalSize() }}>
          {items.map(({ index, start, key }) => {
            const conversation = shown[index];
            if (!conversation) return null;
            const { id } = conversation;
            return (
              <li key={key} style={{ transform: `translateY(${start}px)` }}>
                <Row
                  conversation={conversation}
                  isOpen={id === openId}
                  draft={drafts.get(id) ?? ''}
                  typist={typing.get(id)?.[0]}
                  now={now}
                />
              </li>
            );
          })}
        </ul>
        {query && <Hits found={found} />}
        {moreState === 'loading' && shown.length > 0 && !query && (
          <p className="chat-rows-foot" role="status">
            {text.more}
          </p>
        )}
        {moreState === 'failed' && (
          <p className="chat-rows-foot" role="alert">
            {text.loadFailed}{' '}
            <button type="button" className="button" onClick={loadMore}>
              {text.tryAgain}
            </button>
          </p>
        )}
      </div>
    </nav>
  );
}

function Nothing({ isSearch, isBusy }: { isSearch: boolean; isBusy: boolean }) {
  const text = useStore(listText);
  const inbox = useInbox();
  const wanted = useStore(narrowingOf(inbox));
  if (isBusy) return <Ghosts />;
  const isNarrow = !isSearch && (wanted.tab !== 'all' || filtersOf(wanted) > 0);
  const Icon = isSearch ? SearchX : InboxIcon;
  return (
    <div className="empty">
      <Icon size={28} aria-hidden="true" />
      <strong>{isSearch ? text.noMatch : text.none}</strong>
      <p>{isSearch ? text.noMatchHint : text.noneHint}</p>
      {isNarrow && (
        <button
          type="button"
          className="button"
          onClick={() => narrow(inbox, { ...usualNarrowing, sort: wanted.sort })}
        >
          {text.showAll}
        </button>
      )}
    </div>
  );
}

function Ghosts() {
  return (
    <div className="chat-ghosts" aria-busy="true">
      {[62, 48, 70, 55, 64, 50, 58].map((width) => (
        <div key={width}>
          <i className="ghost" />
          <i className="ghost" style={{ width: `${width}%` }} />
          <i className="ghost" style={{ width: `${width + 18}%` }} />
        </div>
      ))}
    </div>
  );
}

/** What there is to choose from. */
function choicesIn(conversations: State['conversations']) {
  const inboxes = new Map<string, string>();
  const labels = new Set<string>();
  for (const { inbox, labels: own } of conversations.values()) {
    inboxes.set(inbox.id, inbox.name);
    for (const label of own) labels.add(label);
  }
  return {
    inboxes: Array.from(inboxes, ([id, name]) => ({ id, name })),
    labels: [...labels].sort((a, b) => a.localeCompare(b)),
  };
}
