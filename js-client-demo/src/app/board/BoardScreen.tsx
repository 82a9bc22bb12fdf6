import { useStore } from '@nanostores/react';
import type { CSSProperties } from 'react';
import { cardsOf, type Desk } from '../../inbox-client/desk';
import type { Stage } from '../../inbox-client/wire';
import { useFormat } from '../format';
import { useDesk } from '../live';
import { useNow } from '../now';
import { shellText } from '../shell/text';
import { Card } from './Card';
import { boardText } from './text';
import './board.css';

/** The stages side by side, and in each the conversations that have got that far. */
export function BoardScreen() {
  const shell = useStore(shellText);
  const desk = useDesk();
  const now = useNow();
  if (!desk) return <p className="empty">{shell.loading}</p>;
  return (
    <div className="board">
      {desk.stages.map((stage) => (
        <Column key={stage.id} stage={stage} desk={desk} now={now} />
      ))}
    </div>
  );
}

function Column({ stage, desk, now }: { stage: Stage; desk: Desk; now: number }) {
  const text = useStore(boardText);
  const format = useFormat();
  const cards = cardsOf(desk, stage.id);
  return (
    <section
      className="column"
      style={{ '--stage': stage.color } as CSSProperties}
      aria-label={stage.name}
    >
      <header>
        <span className="column-colour" aria-hidden="true" />
        <h2>{stage.name}</h2>
        <span className="column-count" title={text.conversations(stage.total)}>
          {format.number(stage.total)}
        </span>
      </header>
      <div className="column-cards">
        {cards.length === 0 && <p className="column-empty">{text.emptyStage}</p>}
        {cards.map((conversation) => (
          <Card key={conversation.id} conversation={conversation} now={now} />
        ))}
      </div>
    </section>
  );
}
