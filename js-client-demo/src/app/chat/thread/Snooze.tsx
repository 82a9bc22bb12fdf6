import { useStore } from '@nanostores/react';
import { AlarmClock, AlarmClockOff } from 'lucide-react';
import { useId, useRef } from 'react';
import { useInbox } from '../../../hooks';
import type { Conversation } from '../../../inbox-client';
import { useFormat } from '../../format';
import { IconButton } from '../../ui/IconButton';
import { tell } from '../../ui/toasts';
import { attempt } from '../attempt';
import { contactText } from '../contact/text';
import { giveBack } from './give-back';
import { threadText } from './text';

/** Puts a conversation off until later, or brings it back. */
export function Snooze({ conversation }: { conversation: Conversation }) {
  const { id, status } = conversation;
  const text = useStore(threadText);
  const { notSaved } = useStore(contactText);
  const format = useFormat();
  const inbox = useInbox();
  const menu = useRef<HTMLDivElement>(null);
  const menuId = useId();
  if (status === 'SNOOZED') {
    return (
      <IconButton
        icon={AlarmClockOff}
        label={text.unsnooze}
        data-on="true"
        onClick={() => void attempt(inbox.status(id, 'OPEN'), notSaved)}
      />
    );
  }
  const snooze = async (until: Date) => {
    menu.current?.hidePopover();
    if (!(await attempt(inbox.snooze(id, until), notSaved))) return;
    tell(text.snoozed({ time: format.moment(until.toISOString()) }), {
      undo: () => void attempt(giveBack(inbox, conversation), notSaved),
    });
  };
  return (
    <>
      <IconButton icon={AlarmClock} label={text.snooze} popoverTarget={menuId} />
      <div ref={menu} id={menuId} popover="auto" className="popover menu">
        {choices.map(({ words, until }) => (
          <button key={words} type="button" onClick={() => void snooze(until(new Date()))}>
            {text[words]}
          </button>
        ))}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const until = new Date(String(new FormData(event.currentTarget).get('until')));
            if (until.getTime() > Date.now()) void snooze(until);
          }}
        >
          <label>
            {text.until}
            <input type="datetime-local" name="until" required />
          </label>
          <button type="submit" className="button">
            {text.snooze}
          </button>
        </form>
        <p>{text.snoozeHint}</p>
      </div>
    </>
  );
}

const choices = [
  { words: 'inAnHour', until: (now: Date) => new Date(now.getTime() + 3_600_000) },
  { words: 'inThreeHours', until: (now: Date) => new Date(now.getTime() + 3 * 3_600_000) },
  { words: 'tomorrow', until: (now: Date) => morningIn(now, 1) },
  { words: 'nextWeek', until: (now: Date) => morningIn(now, (8 - now.getDay()) % 7 || 7) },
] as const;

/** Nine o'clock, some days on. */
function morningIn(now: Date, days: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 9);
}
