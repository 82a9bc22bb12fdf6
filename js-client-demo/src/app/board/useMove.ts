import { useStore } from '@nanostores/react';
import { useInbox } from '../../hooks';
import { cardsOf, type Inbox } from '../../inbox-client';
import { nameOf } from '../format';
import { tell } from '../ui/toasts';
import { boardText } from './text';

type Spot = Parameters<Inbox['move']>[2];

/** Moves a card at once; says so with a way back, or that the server refused and where it is now. */
export function useMove(): (id: string, stageId: string, spot?: Spot) => void {
  const inbox = useInbox();
  const text = useStore(boardText);

  return (id, stageId, spot) => {
    const before = inbox.getSnapshot();
    const card = before.conversations.get(id);
    const stageOf = (wanted: string) =>
      before.stages.find((each) => each.id === wanted)?.name ?? '';
    if (!card) return;
    const name = nameOf(card.contact);
    const column = cardsOf(before, card.stageId);
    const above = column[column.findIndex((each) => each.id === id) - 1];
    const refused = () =>
      tell(text.moveRefused({ name, stage: stageOf(card.stageId) }), { tone: 'bad' });
    const undo = () => {
      inbox.move(id, card.stageId, above ? { after: above.id } : {}).catch(refused);
    };
    inbox.move(id, stageId, spot).then(() => {
      if (card.stageId !== stageId) tell(text.moved({ name, stage: stageOf(stageId) }), { undo });
    }, refused);
  };
}
