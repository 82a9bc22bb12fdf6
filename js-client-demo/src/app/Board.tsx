import { type CSSProperties, useRef, useState } from 'react';
import { cardsOf, type Desk } from '../inbox-client/desk';
import type { Conversation, Stage } from '../inbox-client/wire';
import { Card, UnreadBadge } from './Card';
import { text } from './text';

/** The stages side by side; on a narrow screen one at a time, with chips to go from one to another. */
export function Board({ desk, openId, now }: { desk: Desk; openId: string | null; now: number }) {
  const columns = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(0);

  function noteScroll({ currentTarget: { scrollLeft, scrollWidth } }: { currentTarget: Element }) {
    setShown(Math.round((scrollLeft / scrollWidth) * desk.stages.length));
  }

  function show(index: number) {
    columns.current?.children[index]?.scrollIntoView({ block: 'nearest', inline: 'start' });
  }

  return (
    <section className="board" aria-label={text.board}>
      <nav className="chips" aria-label={text.stages}>
        {desk.stages.map((stage, index) => (
          <button
            key={stage.id}
            type="button"
            aria-current={index === shown}
            onClick={() => show(index)}
          >
            {stage.name} <span className="count">{stage.total}</span>
          </button>
        ))}
      </nav>
      <div className="columns" ref={columns} onScroll={noteScroll}>
        {desk.stages.map((stage) => (
          <Column
            key={stage.id}
            stage={stage}
            cards={cardsOf(desk, stage.id)}
            openId={openId}
            arrivalId={desk.arrival?.conversationId ?? null}
            now={now}
          />
        ))}
      </div>
    </section>
  );
}

type ColumnProps = {
  stage: Stage;
  cards: Conversation[];
  openId: string | null;
  arrivalId: string | null;
  now: number;
};

function Column({ stage, cards, openId, arrivalId, now }: ColumnProps) {
  const unread = cards.reduce((sum, { unreadCount }) => sum + unreadCount, 0);
  return (
    <section className="column" style={{ '--stage': stage.color } as CSSProperties}>
      <header>
        <h2>{stage.name}</h2>
        <span className="count" title={text.conversations(stage.total)}>
          {stage.total}
        </span>
        <UnreadBadge count={unread} />
      </header>
      {cards.length === 0 ? (
        <p className="empty">{text.emptyStage}</p>
      ) : (
        <ul>
          {cards.map((conversation) => (
            <Card
              key={conversation.id}
              conversation={conversation}
              isOpen={conversation.id === openId}
              isNewest={conversation.id === arrivalId}
              now={now}
            />
          ))}
        </ul>
      )}
      {cards.length < stage.total && cards.length > 0 && (
        <p className="rest">{text.shownOf(cards.length, stage.total)}</p>
      )}
    </section>
  );
}

/** What stands in the board's place until it is there. */
export function BoardSkeleton() {
  return (
    <section className="board" aria-busy="true" aria-label={text.loading}>
      <div className="columns">
        {[3, 4, 2, 1].map((cards) => (
          <div className="column" key={cards}>
            <header>
              <span className="ghost line" />
            </header>
            <ul>
              {Array.from({ length: cards }, (_, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the ghosts are all alike and never move
                <li className="ghost" key={index} />
              ))}
            </ul>
          </div>
        ))}
      </div>
    </section>
  );
}
