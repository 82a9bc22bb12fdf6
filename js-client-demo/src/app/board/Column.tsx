import { useDraggable, useDroppable } from '@dnd-kit/core';
import { useStore } from '@nanostores/react';
import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual';
import { type CSSProperties, memo, useCallback, useEffect, useLayoutEffect, useRef } from 'react';
import type { ChatFilter, Conversation, Stage } from '../../inbox-client';
import { useFormat } from '../format';
import { shellText } from '../shell/text';
import { Card } from './Card';
import { type Drawn, indexAt } from './spot';
import { boardText } from './text';
import { useColumn } from './useColumn';

/** What the board asks a column: before which of its cards a height on the screen is. */
export type Ruler = (screenY: number) => number;

type Props = {
  stage: Stage;
  cards: readonly Conversation[];
  filter: ChatFilter;
  isNarrowed: boolean;
  now: number;
  /** Before which card something is held; null when nothing is held here. */
  gap: number | null;
  howTo: string;
  register: (stageId: string, ruler: Ruler | null) => void;
  onMenu: (id: string, anchor: HTMLElement) => void;
};

/** How far a column was scrolled when it was left, for whoever comes back. */
const places = new Map<string, { offset: number; measured: VirtualItem[] }>();

/** This close to the end, more cards are fetched. */
const nearEnd = 15;
const gapPx = 9;

/** A stage, and the conversations in it, of which only those in sight are drawn. */
export const Column = memo(function Column(props: Props) {
  const { stage, cards, filter, isNarrowed, now, gap, howTo, register, onMenu } = props;
  const text = useStore(boardText);
  const format = useFormat();
  const isWhole = cards.length >= stage.total;
  const { reach, loadMore } = useColumn(stage.id, filter, { isNarrowed, isWhole });
  const scroller = useRef<HTMLDivElement>(null);
  const left = places.get(stage.id);
  const list = useVirtualizer({
    count: cards.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 122,
    getItemKey: useCallback((index: number) => cards[index]?.id ?? index, [cards]),
    overscan: 4,
    gap: gapPx,
    paddingStart: 1,
    paddingEnd: 14,
    ...(left && { initialOffset: left.offset, initialMeasurementsCache: left.measured }),
  });
  const items = list.getVirtualItems();
  const { setNodeRef } = useDroppable({ id: stage.id });

  useEffect(
    () => () => {
      places.set(stage.id, { offset: list.scrollOffset ?? 0, measured: list.measurementsCache });
    },
    [list, stage.id],
  );
  useLayoutEffect(() => {
    register(stage.id, (screenY) => {
      const box = scroller.current;
      const drawn: Drawn = list.getVirtualItems();
      const top = box ? box.getBoundingClientRect().top - box.scrollTop : 0;
      return indexAt(screenY - top, drawn);
    });
    return () => register(stage.id, null);
  }, [list, register, stage.id]);
  const last = items.at(-1)?.index ?? 0;
  const isShort = reach === 'more' && last >= cards.length - nearEnd;
  // biome-ignore lint/correctness/useExhaustiveDependencies: coming near the end is what asks for more
  useEffect(() => {
    if (isShort) loadMore();
  }, [isShort, cards.length]);

  const figure = isNarrowed ? cards.length : stage.total;
  return (
    <section
      ref={setNodeRef}
      className="column"
      data-over={gap !== null}
      style={{ '--stage': stage.color } as CSSProperties}
      aria-label={stage.name}
    >
      <header>
        <span className="column-colour" aria-hidden="true" />
        <h2>{stage.name}</h2>
        <span className="column-count" title={text.conversations(figure)}>
          {format.number(figure)}
          {isNarrowed && reach === 'more' && '+'}
        </span>
        {!isNarrowed && stage.unread > 0 && (
          <span className="badge" title={text.unread(stage.unread)}>
            {format.number(stage.unread)}
          </span>
        )}
      </header>
      <div className="column-cards" ref={scroller}>
        {cards.length === 0 && reach !== 'loading' && (
          <p className="column-empty">{isNarrowed ? text.nothingFound : text.emptyStage}</p>
        )}
        <div style={{ height: list.getTotalSize() }}>
          {items.map((item) => {
            const conversation = cards[item.index];
            return (
              conversation && (
                <div
                  key={item.key}
                  ref={list.measureElement}
                  data-index={item.index}
                  className="slot"
                  data-gap={gap === item.index}
                  style={{ translate: `0 ${item.start}px` }}
                >
                  <Draggable conversation={conversation} now={now} howTo={howTo} onMenu={onMenu} />
                </div>
              )
            );
          })}
          {gap !== null && gap >= cards.length && (
            <div
              className="slot"
              data-gap="true"
              style={{ translate: `0 ${list.getTotalSize() - 14}px` }}
            />
          )}
        </div>
        <Rest reach={reach} onRetry={loadMore} />
      </div>
    </section>
  );
});

type DraggableProps = Pick<Props, 'now' | 'howTo' | 'onMenu'> & { conversation: Conversation };

const Draggable = memo(function Draggable({ conversation, now, howTo, onMenu }: DraggableProps) {
  const { listeners, setNodeRef, setActivatorNodeRef, isDragging } = useDraggable({
    id: conversation.id,
  });
  return (
    <div ref={setNodeRef} {...listeners} className="held" data-away={isDragging}>
      <Card
        conversation={conversation}
        now={now}
        linkRef={setActivatorNodeRef}
        describedBy={howTo}
        onMenu={onMenu}
      />
    </div>
  );
});

function Rest({ reach, onRetry }: { reach: string; onRetry: () => void }) {
  const text = useStore(boardText);
  const shell = useStore(shellText);
  if (reach === 'loading') return <p className="column-empty">{text.loadingMore}</p>;
  if (reach !== 'failed') return null;
  return (
    <p className="column-empty" role="alert">
      {text.loadFailed}{' '}
      <button type="button" className="button" onClick={onRetry}>
        {shell.tryAgain}
      </button>
    </p>
  );
}
