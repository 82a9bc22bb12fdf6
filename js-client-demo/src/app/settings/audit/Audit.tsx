import { useStore } from '@nanostores/react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useInbox } from '../../../hooks';
import { answer } from '../../../inbox-client';
import type { components } from '../../../inbox-client/generated/api';
import { useFormat } from '../../format';
import { useNames } from '../../people';
import { settingsText } from '../text';
import { auditText } from './text';

type Line = components['schemas']['AuditLine'];

/** Who did what, the newest first; older lines on request. */
export function Audit() {
  const text = useStore(settingsText);
  const format = useFormat();
  const names = useNames();
  const { api } = useInbox();
  const { data, isError, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery({
    queryKey: ['audit'],
    staleTime: 0,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: before, signal }) =>
      answer(
        api.GET('/api/audit', {
          params: { query: { ...(before && { before }), limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: ({ lines, hasMore }) => (hasMore ? lines.at(-1)?.id : undefined),
  });
  const lines = data?.pages.flatMap((page) => page.lines) ?? [];
  return (
    <>
      {data && lines.length === 0 && <p className="hint">{text.noAudit}</p>}
      {lines.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: narrow screens scroll it, also by keyboard
        <section className="table" tabIndex={0}>
          <table className="audit">
            <thead>
              <tr>
                <th scope="col">{text.when}</th>
                <th scope="col">{text.who}</th>
                <th scope="col">{text.what}</th>
                <th scope="col">{text.subject}</th>
                <th scope="col">{text.from}</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <tr key={line.id}>
                  <td>{format.moment(line.happenedAt)}</td>
                  <td>{line.actorId ? (names[line.actorId] ?? line.actorId) : text.system}</td>
                  <td title={line.action}>
                    <Action name={line.action} />
                  </td>
                  <td>
                    <Subject line={line} names={names} />
                  </td>
                  <td>{line.address}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {isError && <p role="alert">{text.failed}</p>}
      {hasNextPage && (
        <button
          type="button"
          className="button"
          disabled={isFetching}
          onClick={() => fetchNextPage()}
        >
          {text.more}
        </button>
      )}
    </>
  );
}

/** What was done, in words; by its name where a newer server has one that there are none for. */
export function Action({ name }: { name: string }) {
  const words: Record<string, unknown> = useStore(auditText);
  const told = Object.hasOwn(words, name) ? words[name] : null;
  return typeof told === 'string' ? told : <code>{name}</code>;
}

/** To whom or what something was done, by a name where there is one. */
function Subject({ line, names }: { line: Line; names: Record<string, string> }) {
  const { subject, details } = line;
  const told = details.name ?? details.shortcut ?? details.email;
  const name = typeof told === 'string' ? told : names[subject.slice(subject.indexOf(':') + 1)];
  return (
    <>
      {name && <span>{name} </span>}
      <code title={subject}>{subject.replace(/:.{10,}(.{6})$/, ':…$1')}</code>
    </>
  );
}
