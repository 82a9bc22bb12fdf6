import { useStore } from '@nanostores/react';
import { Search, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useInbox, useLive } from '../../hooks';
import type { State } from '../../inbox-client';
import { type Filters, narrowingOf, noFilters } from './filters';
import { boardText } from './text';
import './filter-bar.css';

const statuses = ['OPEN', 'PENDING', 'SNOOZED', 'RESOLVED'] as const;

/** What the board is narrowed down to. */
export function FilterBar() {
  const text = useStore(boardText);
  const { filters, words, isNarrowed } = narrowingOf(useInbox());
  const now = useStore(filters);
  const sought = useStore(words);
  const narrowed = useStore(isNarrowed);
  const inboxes = Object.entries(useLive(inboxesOf));
  const labels = useLive(labelsOf);
  const search = useRef<HTMLInputElement>(null);
  const change = (next: Partial<Filters>) => filters.set({ ...now, ...next });

  useEffect(() => {
    const focusOnSlash = (event: KeyboardEvent) => {
      if (event.key !== '/' || isTyping(event.target)) return;
      event.preventDefault();
      search.current?.focus();
    };
    addEventListener('keydown', focusOnSlash);
    return () => removeEventListener('keydown', focusOnSlash);
  }, []);

  return (
    <search className="filter-bar" aria-label={text.filters}>
      <div className="filter-search">
        <Search size={16} aria-hidden="true" />
        <input
          ref={search}
          type="search"
          dir="auto"
          aria-label={text.search}
          placeholder={text.search}
          value={sought}
          onChange={(event) => words.set(event.target.value)}
        />
      </div>
      <fieldset className="segments">
        <legend className="unseen">{text.whose}</legend>
        {(['mine', 'nobodys', 'all'] as const).map((whose) => (
          <label key={whose}>
            <input
              type="radio"
              name="whose"
              checked={now.whose === whose}
              onChange={() => change({ whose })}
            />
            {text[whose]}
          </label>
        ))}
      </fieldset>
      {inboxes.length > 1 && (
        <select
          aria-label={text.inbox}
          value={now.inboxId ?? ''}
          onChange={(event) => change({ inboxId: event.target.value || null })}
        >
          <option value="">{text.anyInbox}</option>
          {inboxes.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
      <select
        aria-label={text.status}
        value={now.status ?? ''}
        onChange={(event) =>
          change({ status: statuses.find((status) => status === event.target.value) ?? null })
        }
      >
        <option value="">{text.anyStatus}</option>
        {statuses.map((status) => (
          <option key={status} value={status}>
            {text[status]}
          </option>
        ))}
      </select>
      {(labels.length > 0 || now.label) && (
        <select
          aria-label={text.label}
          value={now.label ?? ''}
          onChange={(event) => change({ label: event.target.value || null })}
        >
          <option value="">{text.anyLabel}</option>
          {[...new Set([...labels, ...(now.label ? [now.label] : [])])].map((label) => (
            <option key={label}>{label}</option>
          ))}
        </select>
      )}
      <label className="toggle">
        <input
          type="checkbox"
          checked={now.unread}
          onChange={(event) => change({ unread: event.target.checked })}
        />
        {text.onlyUnread}
      </label>
      {narrowed && (
        <button
          type="button"
          className="button quiet"
          onClick={() => {
            filters.set(noFilters);
            words.set('');
          }}
        >
          <X size={15} aria-hidden="true" />
          {text.clear}
        </button>
      )}
    </search>
  );
}

/** Names by id: a plain object of strings, which is alike as long as they are. */
function inboxesOf(state: State): Record<string, string> {
  const known: Record<string, string> = {};
  for (const { inbox } of state.conversations.values()) known[inbox.id] = inbox.name;
  return known;
}

function labelsOf(state: State): string[] {
  const known = new Set<string>();
  for (const { labels } of state.conversations.values()) for (const each of labels) known.add(each);
  return [...known].sort((a, b) => a.localeCompare(b));
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
  );
}
