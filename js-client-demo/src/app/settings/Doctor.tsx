import { useStore } from '@nanostores/react';
import { CircleCheck, CircleX, LoaderCircle } from 'lucide-react';
import { useState } from 'react';
import { session } from '../session/session';
import { type Finding, tryRest, trySocket, tryStream } from './doctor';
import { settingsText } from './text';

const ways = ['rest', 'websocket', 'polling', 'sse'] as const;
type Way = (typeof ways)[number];
type Findings = Partial<Record<Way, Finding | 'trying'>>;

/** Tries each way to the server, and says what the network between blocks. */
export function Doctor() {
  const text = useStore(settingsText);
  const [findings, setFindings] = useState<Findings>({});
  const isBusy = ways.some((way) => findings[way] === 'trying');
  const isDone = ways.every((way) => typeof findings[way] === 'object');

  async function examine() {
    const token = (await session.token()) ?? '';
    const attempts: Record<Way, () => Promise<Finding>> = {
      rest: tryRest,
      websocket: () => trySocket('websocket', token),
      polling: () => trySocket('polling', token),
      sse: () => tryStream(token),
    };
    setFindings(Object.fromEntries(ways.map((way) => [way, 'trying'])));
    for (const way of ways) {
      void attempts[way]().then((found) => setFindings((before) => ({ ...before, [way]: found })));
    }
  }

  return (
    <>
      <p className="hint">{text.doctorHint}</p>
      <ul className="entries">
        {ways.map((way) => (
          <Tried key={way} name={text[way]} finding={findings[way]} />
        ))}
      </ul>
      {isDone && (
        <p className="verdict" role="status">
          {verdictOf(findings, text)}
        </p>
      )}
      <button type="button" className="button primary" disabled={isBusy} onClick={examine}>
        {isBusy ? text.examining : text.examine}
      </button>
    </>
  );
}

function Tried({ name, finding }: { name: string; finding: Finding | 'trying' | undefined }) {
  const text = useStore(settingsText);
  const works = typeof finding === 'object' && 'ms' in finding;
  const Icon = finding === 'trying' ? LoaderCircle : works ? CircleCheck : CircleX;
  return (
    <li data-works={typeof finding === 'object' ? works : undefined}>
      {finding && <Icon size={19} aria-hidden="true" />}
      <div>
        <strong>{name}</strong>
        {typeof finding === 'object' && (
          <span>
            {'ms' in finding ? text.works({ ms: finding.ms }) : text.blocked({ why: finding.why })}
          </span>
        )}
      </div>
    </li>
  );
}

type Verdicts = Record<'allWell' | 'websocketBlocked' | 'nothingWorks', string>;

function verdictOf(findings: Findings, text: Verdicts): string {
  const works = (way: Way) => {
    const finding = findings[way];
    return typeof finding === 'object' && 'ms' in finding;
  };
  if (!ways.some(works)) return text.nothingWorks;
  return works('websocket') ? text.allWell : text.websocketBlocked;
}
