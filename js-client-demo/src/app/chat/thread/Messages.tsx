import { useStore } from '@nanostores/react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, CircleAlert, MessageCircle, RefreshCw } from 'lucide-react';
import {
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { type Entry, keyOf, type Thread } from '../../../inbox-client';
import { useFormat } from '../../format';
import { Bubble } from './Bubble';
import { arrivedAfter, guessHeight, placeOf } from './groups';
import { quotedBy } from './Quote';
import type { Stretch } from './stretch';
import { threadText } from './text';
import './messages.css';

/** What a thread's messages are told from around them. */
export type MessagesHandle = {
  toEnd: () => void;
  /** Shows a message that is among the entries. */
  show: (id: string) => void;
};

type Props = {
  ref: Ref<MessagesHandle>;
  name: string;
  entries: readonly Entry[];
  /** Which of the entries are laid out. */
  stretch: Stretch;
  /** The conversation's newest messages. */
  live: readonly Entry[];
  /** The first message that was unread when the thread was opened. */
  dividerId: string | null;
  history: Thread['history'];
  isDetached: boolean;
  /** Whether what is newer than the entries could not be fetched. */
  hasNewerFailed: boolean;
  isOnline: boolean;
  marks: string | undefined;
  now: number;
  onOlder: () => void;
  onNewer: () => void;
  /** Back from a passage to the end. */
  onLive: () => void;
  /** Told whether the newest message is in view. */
  onEnd: (isAtEnd: boolean) => void;
};

/** This close to an edge of what is held, more is fetched. */
const nearPx = 900;
/** This close to the end, one is at it. */
const atEndPx = 80;
const awayPx = 320;
const flashMs = 1_800;

/** A conversation's messages. They stay where they are while somebody reads, and follow who is at the end. */
export function Messages(props: Props) {
  const { ref, name, entries, live, dividerId, history, isDetached, isOnline, marks, now } = props;
  const { hasNewerFailed, onOlder, onNewer, onLive, onEnd } = props;
  const { from, to } = props.stretch;
  const text = useStore(threadText);
  const { dayOf } = useFormat();
  const box = useRef<HTMLDivElement>(null);
  const isPlaced = useRef(false);
  const isPinned = useRef(true);
  const [isAway, setAway] = useState(false);
  const [isAtEnd, setAtEnd] = useState(true);
  const [lastSeen, setLastSeen] = useState<string | null>(null);
  const [flashed, setFlashed] = useState<string | null>(null);

  const entryAt = useCallback((index: number) => entries[from + index], [entries, from]);
  const rows = useVirtualizer({
    count: to - from,
    getScrollElement: () => box.current,
    estimateSize: (index) => {
      const entry = entryAt(index);
      return entry ? guessHeight(entry) + 8 : 45;
    },
    getItemKey: useCallback(
      (index: number) => {
        const entry = entryAt(index);
        return entry ? keyOf(entry) : index;
      },
      [entryAt],
    ),
    anchorTo: 'end',
    followOnAppend: !isDetached,
    scrollEndThreshold: atEndPx,
    overscan: 8,
    paddingStart: 16,
    paddingEnd: 16,
  });

  const toEnd = useCallback(() => {
    isPinned.current = true;
    rows.scrollToEnd();
  }, [rows]);
  const show = useCallback(
    (id: string) => {
      const index = entries.findIndex((entry) => entry.id === id);
      if (index < from) return;
      isPinned.current = false;
      isPlaced.current = true;
      rows.scrollToIndex(index - from, { align: 'center' });
      setFlashed(id);
    },
    [entries, from, rows],
  );
  useImperativeHandle(ref, () => ({ toEnd, show }), [toEnd, show]);
  useEffect(() => {
    if (!flashed) return;
    const timer = setTimeout(() => setFlashed(null), flashMs);
    return () => clearTimeout(timer);
  }, [flashed]);

  // It opens at the end, or at the unread ones when they are more than a screen.
  useLayoutEffect(() => {
    const view = box.current;
    if (isPlaced.current || !view || entries.length === 0) return;
    isPlaced.current = true;
    const divider = dividerId ? entries.findIndex(({ id }) => id === dividerId) - from : -1;
    const start = divider >= 0 ? (rows.getOffsetForIndex(divider, 'start')?.[0] ?? 0) : 0;
    if (divider >= 0 && rows.getTotalSize() - start > view.clientHeight) {
      isPinned.current = false;
      rows.scrollToIndex(divider, { align: 'start' });
    } else {
      rows.scrollToEnd();
    }
  }, [entries, from, dividerId, rows]);

  // What shrinks the view (a notice, the composer, a phone's keyboard) leaves who is at the end there.
  useEffect(() => {
    const view = box.current;
    if (!view) return;
    const observer = new ResizeObserver(() => {
      if (isPinned.current && isPlaced.current) rows.scrollToEnd();
    });
    observer.observe(view);
    return () => observer.disconnect();
  }, [rows]);

  const look = useCallback(() => {
    const view = box.current;
    if (!view || !isPlaced.current) return;
    const below = view.scrollHeight - view.clientHeight - view.scrollTop;
    const isEnd = below < atEndPx && !isDetached;
    isPinned.current = isEnd;
    setAtEnd(isEnd);
    setAway(below > awayPx || isDetached);
    if (view.scrollTop < nearPx && history === 'more') onOlder();
    if (isDetached && !hasNewerFailed && below < nearPx) onNewer();
  }, [history, isDetached, hasNewerFailed, onOlder, onNewer]);
  // What has come may leave room for more, without anybody scrolling.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the entries are what makes it look again
  useEffect(look, [look, entries]);

  const newest = live.at(-1);
  const newestKey = newest ? keyOf(newest) : null;
  useEffect(() => {
    if (isAtEnd) setLastSeen(newestKey);
  }, [isAtEnd, newestKey]);
  useEffect(() => onEnd(isAtEnd), [isAtEnd, onEnd]);
  const arrived = isAtEnd ? 0 : arrivedAfter(live, lastSeen);

  return (
    <div className="messages-frame">
      {entries.length === 0 && <NoMessages history={history} onRetry={onOlder} />}
      {history === 'loading' && entries.length > 0 && (
        <p className="history" role="status">
          {text.older}
        </p>
      )}
      {history === 'failed' && entries.length > 0 && (
        <NotFetched onRetry={onOlder}>{text.olderFailed}</NotFetched>
      )}
      {hasNewerFailed && (
        <NotFetched isBelow onRetry={onNewer}>
          {text.newerFailed}
        </NotFetched>
      )}
      <div
        ref={box}
        className="messages"
        role="log"
        aria-live="off"
        aria-label={text.messages({ name })}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
        tabIndex={0}
        onScroll={look}
      >
        <div className="messages-all" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, key, start }) => {
            const entry = entryAt(index);
            if (!entry) return null;
            const place = placeOf(entries, from + index, dividerId);
            return (
              <div
                key={key}
                ref={rows.measureElement}
                data-index={index}
                data-flash={entry.id === flashed}
                className="messages-row"
                style={{ transform: `translateY(${start}px)` }}
              >
                {from + index === 0 && history === 'complete' && (
                  <p className="start">{text.start}</p>
                )}
                {place.isNewDay && <h2 className="day">{dayOf(entry.timestamp, now)}</h2>}
                {entry.id === dividerId && (
                  <p className="divider">
                    <span>{text.unread}</span>
                  </p>
                )}
                <Bubble
                  entry={entry}
                  quoted={quotedBy(entries, from + index)}
                  isFirst={place.isFirst}
                  isLast={place.isLast}
                  isOnline={isOnline}
                  marks={marks}
                />
              </div>
            );
          })}
        </div>
      </div>
      {(isAway || arrived > 0) && entries.length > 0 && (
        <button
          type="button"
          className="to-end"
          data-new={arrived > 0}
          aria-label={arrived > 0 ? undefined : text.toEnd}
          onClick={() => {
            if (isDetached) onLive();
            toEnd();
          }}
        >
          <ArrowDown size={16} aria-hidden="true" />
          {arrived > 0 && text.newMessages(arrived)}
        </button>
      )}
    </div>
  );
}

type Lack = { isBelow?: boolean; onRetry: () => void; children: string };

function NotFetched({ isBelow = false, onRetry, children }: Lack) {
  const { tryAgain } = useStore(threadText);
  return (
    <p className="history" data-below={isBelow} role="alert">
      {children}{' '}
      <button type="button" className="button" onClick={onRetry}>
        {tryAgain}
      </button>
    </p>
  );
}

function NoMessages({ history, onRetry }: { history: Props['history']; onRetry: () => void }) {
  const text = useStore(threadText);
  if (history === 'failed') {
    return (
      <div className="empty messages-none" role="alert">
        <CircleAlert size={28} aria-hidden="true" />
        <strong>{text.failed}</strong>
        <button type="button" className="button" onClick={onRetry}>
          <RefreshCw size={15} aria-hidden="true" /> {text.tryAgain}
        </button>
      </div>
    );
  }
  if (history === 'complete') {
    return (
      <div className="empty messages-none">
        <MessageCircle size={28} aria-hidden="true" />
        <strong>{text.none}</strong>
        <p>{text.noneHint}</p>
      </div>
    );
  }
  return (
    <div className="messages-ghosts" aria-busy="true">
      {[46, 34, 58, 30, 50, 40].map((width, index) => (
        <i
          key={width}
          className="ghost"
          data-out={index % 2 === 1}
          style={{ width: `${width}%` }}
        />
      ))}
    </div>
  );
}
