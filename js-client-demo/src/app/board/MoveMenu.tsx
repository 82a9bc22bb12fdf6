import { useStore } from '@nanostores/react';
import { Check } from 'lucide-react';
import { type CSSProperties, type KeyboardEvent, useEffect, useRef } from 'react';
import type { Stage } from '../../inbox-client';
import { boardText } from './text';

/** A card that asks where to, and what the menu stands beside. */
export type Asking = { id: string; stageId: string; anchor: HTMLElement };

type Props = {
  asking: Asking;
  stages: readonly Stage[];
  onChoose: (stageId: string) => void;
  onClose: () => void;
};

/** The stages that a card can be moved to; arrows go along them, Escape leaves. */
export function MoveMenu({ asking, stages, onChoose, onClose }: Props) {
  const text = useStore(boardText);
  const menu = useRef<HTMLDivElement>(null);
  const { id, anchor } = asking;

  useEffect(() => {
    const box = menu.current;
    if (!box) return;
    const { bottom, right, top } = anchor.getBoundingClientRect();
    box.showPopover();
    const { offsetWidth: width, offsetHeight: height } = box;
    const fits = bottom + height + 8 < innerHeight;
    box.style.top = `${fits ? bottom + 4 : Math.max(8, top - height - 4)}px`;
    box.style.left = `${Math.max(8, Math.min(right - width, innerWidth - width - 8))}px`;
    box.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
    return () => {
      // A card that has moved is drawn anew, in its new column.
      const moved = document.querySelector<HTMLElement>(`[data-card="${id}"] a`);
      (anchor.isConnected ? anchor : moved)?.focus();
    };
  }, [id, anchor]);

  function walk(event: KeyboardEvent<HTMLDivElement>) {
    const entries = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=menuitemradio]')];
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    entries.at(to % entries.length)?.focus();
  }

  return (
    <div
      ref={menu}
      popover="auto"
      className="popover move-menu"
      role="menu"
      aria-label={text.moveTo}
      tabIndex={-1}
      onKeyDown={walk}
      onToggle={(event) => event.newState === 'closed' && onClose()}
    >
      <p aria-hidden="true">{text.moveTo}</p>
      {stages.map((stage) => (
        <button
          key={stage.id}
          type="button"
          role="menuitemradio"
          aria-checked={stage.id === asking.stageId}
          tabIndex={-1}
          style={{ '--stage': stage.color } as CSSProperties}
          onClick={() => {
            onChoose(stage.id);
            onClose();
          }}
        >
          <span className="column-colour" aria-hidden="true" />
          {stage.name}
          {stage.id === asking.stageId && <Check size={15} aria-hidden="true" />}
        </button>
      ))}
    </div>
  );
}
