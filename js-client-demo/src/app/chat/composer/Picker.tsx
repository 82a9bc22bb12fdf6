import { useEffect, useRef } from 'react';

/** Something to be picked. */
export type Choice = { id: string; title: string; words?: string };

type Props = {
  id: string;
  label: string;
  choices: readonly Choice[];
  /** Which one Enter picks. */
  index: number;
  empty: string;
  onPick: (choice: Choice) => void;
};

/** What can be picked while one writes, above what is written; the keys stay with the text. */
export function Picker({ id, label, choices, index, empty, onPick }: Props) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[index]?.scrollIntoView({ block: 'nearest' });
  }, [index]);
  if (choices.length === 0) {
    return (
      <p className="picker picker-none" role="status">
        {empty}
      </p>
    );
  }
  return (
    <div ref={list} id={id} className="picker" role="listbox" aria-label={label}>
      {choices.map((choice, at) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text, which names the option
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the text's
        <div
          key={choice.id}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === index}
          // Before the text loses the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(choice)}
        >
          <b dir="auto">{choice.title}</b>
          {choice.words && <span dir="auto">{choice.words}</span>}
        </div>
      ))}
    </div>
  );
}
