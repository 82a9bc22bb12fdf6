import { useStore } from '@nanostores/react';
import type { ReactNode } from 'react';
import type { Conversation } from '../../../inbox-client';
import { useFormat } from '../../format';
import { useNow } from '../../now';
import { NotKnown } from './NotKnown';
import { contactText } from './text';
import { deviceOf, useVisitor } from './visitor';

/** What is known of a visitor of a site: whether they are there, what they look at, how they found the chat. */
export function VisitorPart({ conversation }: { conversation: Conversation }) {
  const text = useStore(contactText);
  const format = useFormat();
  const now = useNow();
  const { visit, hasFailed, retry } = useVisitor(conversation);
  if (!visit) return hasFailed ? <NotKnown onRetry={retry}>{text.visitorFailed}</NotKnown> : null;
  const { page, rating, fields, endedBy } = visit;
  const seen = text.visitorSeen({ time: format.timeAgo(visit.lastSeenAt, now) });
  const spoken = [visit.locale, visit.country].filter(Boolean).join(' · ');
  const answers = Object.entries(fields).filter(([, given]) => given !== null && given !== '');
  return (
    <section className="contact-part visitor" aria-label={text.visitor}>
      <h3>{text.visitor}</h3>
      <p className="visitor-here" data-here={visit.isOnline}>
        {visit.isOnline ? text.visitorHere : seen}
      </p>
      <dl className="facts">
        {page && (
          <Fact name={text.page}>
            <a href={page.url} target="_blank" rel="noreferrer" title={page.url}>
              {page.title || page.url}
            </a>
          </Fact>
        )}
        {page?.referrer && <Fact name={text.cameFrom}>{page.referrer}</Fact>}
        {visit.identity && <Fact name={text.identity}>{visit.identity}</Fact>}
        {answers.map(([question, given]) => (
          <Fact key={question} name={question}>
            {String(given)}
          </Fact>
        ))}
        {visit.userAgent && <Fact name={text.device}>{deviceOf(visit.userAgent)}</Fact>}
        {spoken && <Fact name={text.spoken}>{spoken}</Fact>}
        <Fact name={text.chatBegan}>{format.moment(visit.createdAt)}</Fact>
        {rating && (
          <Fact name={text.rating}>
            <span role="img" aria-label={text.ratingOf({ score: rating.score })}>
              {'★'.repeat(rating.score)}
              {'☆'.repeat(5 - rating.score)}
            </span>
            {rating.comment && <q>{rating.comment}</q>}
          </Fact>
        )}
      </dl>
      {endedBy && <p>{endedBy === 'VISITOR' ? text.endedByVisitor : text.endedByAgent}</p>}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </>
  );
}
