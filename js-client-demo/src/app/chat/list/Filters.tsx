import { useStore } from '@nanostores/react';
import { ListFilter } from 'lucide-react';
import { useId } from 'react';
import { useInbox } from '../../../hooks';
import { IconButton } from '../../ui/IconButton';
import { filtersOf, type Narrowing, narrow, narrowingOf, usualNarrowing } from './narrowing';
import { listText } from './text';

type Props = {
  inboxes: readonly { id: string; name: string }[];
  labels: readonly string[];
};

const statuses = ['active', 'OPEN', 'PENDING', 'SNOOZED', 'RESOLVED', 'any'] as const;

/** What the list shows and in which order: a button, and what it opens. */
export function Filters({ inboxes, labels }: Props) {
  const text = useStore(listText);
  const inbox = useInbox();
  const wanted = useStore(narrowingOf(inbox));
  const id = useId();
  const many = filtersOf(wanted);
  const words = { ...text, any: text.anyStatus };
  return (
    <>
      <IconButton
        icon={ListFilter}
        label={many > 0 ? `${text.filters}: ${text.filtersOn(many)}` : text.filters}
        className="chat-filter"
        popoverTarget={id}
        title={text.filters}
        data-on={many > 0 || wanted.sort !== 'activity'}
      />
      <div id={id} popover="auto" className="popover chat-filters">
        <label>
          {text.sort}
          <select
            value={wanted.sort}
            onChange={(event) => narrow(inbox, { sort: event.target.value as Narrowing['sort'] })}
          >
            <option value="activity">{text.byActivity}</option>
            <option value="waiting">{text.byWaiting}</option>
          </select>
        </label>
        <label>
          {text.status}
          <select
            value={wanted.status}
            onChange={(event) =>
              narrow(inbox, { status: event.target.value as Narrowing['status'] })
            }
          >
            {statuses.map((status) => (
              <option key={status} value={status}>
                {words[status]}
              </option>
            ))}
          </select>
        </label>
        <label>
          {text.inbox}
          <select
            value={wanted.inboxId ?? ''}
            onChange={(event) => narrow(inbox, { inboxId: event.target.value || null })}
          >
            <option value="">{text.anyInbox}</option>
            {inboxes.map(({ id: on, name }) => (
              <option key={on} value={on}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {text.label}
          <select
            value={wanted.label ?? ''}
            onChange={(event) => narrow(inbox, { label: event.target.value || null })}
          >
            <option value="">{text.anyLabel}</option>
            {labels.map((label) => (
              <option key={label}>{label}</option>
            ))}
          </select>
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={wanted.unread}
            onChange={(event) => narrow(inbox, { unread: event.target.checked })}
          />
          {text.onlyUnread}
        </label>
        <button
          type="button"
          className="button quiet"
          disabled={many === 0 && wanted.sort === 'activity'}
          onClick={() => narrow(inbox, { ...usualNarrowing, tab: wanted.tab })}
        >
          {text.resetFilters}
        </button>
      </div>
    </>
  );
}
