import {
  type Announcements,
  DndContext,
  type DragEndEvent,
  type DragMoveEvent,
  DragOverlay,
  pointerWithin,
  rectIntersection,
  type UniqueIdentifier,
} from '@dnd-kit/core';
import { useStore } from '@nanostores/react';
import { useCallback, useId, useMemo, useRef, useState } from 'react';
import { useInbox, useLive } from '../../hooks';
import { type Conversation, cardsOf, chatsOf, type State } from '../../inbox-client';
import { nameOf } from '../format';
import { useNow } from '../now';
import { shellText } from '../shell/text';
import { Card } from './Card';
import { Column, type Ruler } from './Column';
import { edgeOf, useDragSensors } from './drag';
import { FilterBar } from './FilterBar';
import { narrowingOf, wantedBy } from './filters';
import { type Asking, MoveMenu } from './MoveMenu';
import { isSamePlace, spotAt } from './spot';
import { boardText } from './text';
import { useMove } from './useMove';
import './board.css';

type Cards = ReadonlyMap<string, readonly Conversation[]>;

/** What is in hand: the card, the columns as they were when it was taken up, and where it is held. */
type Hand = { id: string; cards: Cards; over: { stageId: string; index: number } | null };

/** The stages side by side, and in each the conversations that have got that far. */
export function BoardScreen() {
  const text = useStore(boardText);
  const shell = useStore(shellText);
  const phase = useLive((state) => state.phase);
  return phase === 'ready' ? (
    <div className="board-screen">
      <FilterBar />
      <Stages />
    </div>
  ) : (
    <p className="empty">{phase === 'loading' ? shell.loading : text.loadFailed}</p>
  );
}

function Stages() {
  const text = useStore(boardText);
  const inbox = useInbox();
  const stages = useLive((state) => state.stages);
  const [filter, narrowed] = useFilter();
  const live = useCards(filter, narrowed);
  const [hand, setHand] = useState<Hand | null>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const rulers = useRef(new Map<string, Ruler>());
  const sensors = useDragSensors();
  const move = useMove();
  const now = useNow();
  const howTo = useId();

  const register = useCallback((stageId: string, ruler: Ruler | null) => {
    if (ruler) rulers.current.set(stageId, ruler);
    else rulers.current.delete(stageId);
  }, []);
  const ask = useCallback(
    (id: string, anchor: HTMLElement) => {
      const card = inbox.getSnapshot().conversations.get(id);
      if (card) setAsking({ id, stageId: card.stageId, anchor });
    },
    [inbox],
  );

  // Whatever others do meanwhile, the columns stay as they are under a card that is in hand.
  const cards = hand?.cards ?? live;

  function placeOf(event: DragMoveEvent | DragEndEvent): Hand['over'] {
    const edge = edgeOf(event);
    const stageId = event.over && String(event.over.id);
    if (!edge || !stageId) return null;
    return { stageId, index: rulers.current.get(stageId)?.(edge.top + edge.height / 2) ?? 0 };
  }

  function hold(event: DragMoveEvent) {
    const over = placeOf(event);
    setHand(
      (held) =>
        held &&
        (held.over?.stageId === over?.stageId && held.over?.index === over?.index
          ? held
          : { ...held, over }),
    );
  }

  function drop(event: DragEndEvent) {
    const over = placeOf(event);
    const held = hand;
    setHand(null);
    if (!over || !held) return;
    const column = held.cards.get(over.stageId) ?? [];
    if (isSamePlace(over.index, column, held.id)) return;
    move(held.id, over.stageId, spotAt(over.index, column, held.id));
  }

  const said = useSaid();
  const inHand = useLive((state) => (hand && state.conversations.get(hand.id)) ?? null);
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={(seen) => {
        const under = pointerWithin(seen);
        return under.length > 0 ? under : rectIntersection(seen);
      }}
      accessibility={{ announcements: said }}
      onDragStart={({ active }) => setHand({ id: String(active.id), cards: live, over: null })}
      onDragMove={hold}
      onDragEnd={drop}
      onDragCancel={() => setHand(null)}
    >
      <p id={howTo} hidden>
        {text.howToDrag}
      </p>
      <div className="board" data-dragging={hand !== null}>
        {stages.map((stage) => (
          <Column
            key={stage.id}
            stage={stage}
            cards={cards.get(stage.id) ?? []}
            filter={filter}
            isNarrowed={narrowed}
            now={now}
            gap={hand?.over?.stageId === stage.id ? hand.over.index : null}
            howTo={howTo}
            register={register}
            onMenu={ask}
          />
        ))}
      </div>
      <DragOverlay dropAnimation={null}>
        {inHand && (
          <div className="in-hand">
            <Card conversation={inHand} now={now} />
          </div>
        )}
      </DragOverlay>
      {asking && (
        <MoveMenu
          asking={asking}
          stages={stages}
          onChoose={(stageId) => {
            if (stageId !== asking.stageId) move(asking.id, stageId);
          }}
          onClose={() => setAsking(null)}
        />
      )}
    </DndContext>
  );
}

/** The filter that is set, as the server and the store know it, and whether it leaves anything out. */
function useFilter() {
  const { filters, words, isNarrowed } = narrowingOf(useInbox());
  const now = useStore(filters);
  const sought = useStore(words);
  const me = useLive((state) => state.me?.user.id ?? '');
  const filter = useMemo(() => wantedBy(now, sought, me), [now, sought, me]);
  return [filter, useStore(isNarrowed)] as const;
}

/** The cards that the filter wants, by stage, from the top. */
function useCards(filter: ReturnType<typeof wantedBy>, narrowed: boolean): Cards {
  const state = useLive((state: State) => state.conversations);
  const inbox = useInbox();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the conversations are what has changed
  return useMemo(() => {
    const now = inbox.getSnapshot();
    const wanted = narrowed ? new Set(chatsOf(now, filter).map(({ id }) => id)) : null;
    return new Map(
      now.stages.map(({ id }) => {
        const all = cardsOf(now, id);
        return [id, wanted ? all.filter((card) => wanted.has(card.id)) : all];
      }),
    );
  }, [inbox, state, filter, narrowed]);
}

/** What is read out while a card is dragged. */
function useSaid(): Announcements {
  const text = useStore(boardText);
  const inbox = useInbox();
  const nameBy = (id: UniqueIdentifier) => {
    const card = inbox.getSnapshot().conversations.get(String(id));
    return card ? nameOf(card.contact) : '';
  };
  const stageBy = (id: UniqueIdentifier | undefined) =>
    inbox.getSnapshot().stages.find((stage) => stage.id === id)?.name ?? '';
  const stageIdOf = (id: UniqueIdentifier) =>
    inbox.getSnapshot().conversations.get(String(id))?.stageId;
  // A card that has been taken up is over its own column, which has just been said.
  const isFresh = useRef(false);
  return {
    onDragStart: ({ active: { id } }) => {
      isFresh.current = true;
      return text.pickedUp({ name: nameBy(id), stage: stageBy(stageIdOf(id)) });
    },
    onDragOver: ({ active, over }) => {
      if (isFresh.current && over?.id === stageIdOf(active.id)) return undefined;
      isFresh.current = false;
      return over ? text.over({ name: nameBy(active.id), stage: stageBy(over.id) }) : undefined;
    },
    onDragEnd: ({ active, over }) =>
      over
        ? text.dropped({ name: nameBy(active.id), stage: stageBy(over.id) })
        : text.cancelled({ name: nameBy(active.id) }),
    onDragCancel: ({ active }) => text.cancelled({ name: nameBy(active.id) }),
  };
}
