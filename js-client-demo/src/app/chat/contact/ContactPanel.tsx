import { useStore } from '@nanostores/react';
import { Ban, Copy, Merge, Pencil, Split, X } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { useInbox, useLive } from '../../../hooks';
import { activityOf, answer, type Conversation } from '../../../inbox-client';
import { nameOf, phoneOf, useFormat, useLabelOf } from '../../format';
import { useNow } from '../../now';
import { ContactFace } from '../../ui/ContactFace';
import { tell } from '../../ui/toasts';
import { attempt } from '../attempt';
import { copy } from '../copy';
import { Assignee } from '../thread/Header';
import { BlockDialog } from './BlockDialog';
import { ContactForm } from './ContactForm';
import { type Details, type Known, useDetails } from './details';
import { Labels } from './Labels';
import { MergeDialog } from './MergeDialog';
import { Notes } from './Notes';
import { NotKnown } from './NotKnown';
import { SharedFiles } from './SharedFiles';
import { contactText } from './text';
import { VisitorPart } from './VisitorPart';
import './contact.css';
import { IconButton } from '../../ui/IconButton';

type Props = { conversation: Conversation; onClose: () => void };

/** Who is at the other end, and all that the team knows of them. */
export function ContactPanel({ conversation, onClose }: Props) {
  const text = useStore(contactText);
  const format = useFormat();
  const { contact, inbox } = conversation;
  const known = useDetails(contact);
  const { details } = known;
  const [isEditing, setEditing] = useState(false);
  const name = nameOf(contact);
  const phone = phoneOf(contact);
  return (
    <aside className="contact-panel" aria-label={text.panel}>
      <IconButton icon={X} label={text.close} className="contact-close" onClick={onClose} />
      <div className="contact-top">
        <ContactFace contact={contact} channel={inbox.channel} size={64} />
        <h2 dir="auto">{name}</h2>
        {contact.isBlocked && <span className="chip contact-blocked">{text.blocked}</span>}
      </div>
      {isEditing && details ? (
        <ContactForm details={details} onDone={() => setEditing(false)} onSaved={known.adopt} />
      ) : (
        <dl className="facts">
          {phone && (
            <>
              <dt>{text.phone}</dt>
              <dd>
                {phone}
                <IconButton
                  icon={Copy}
                  size={13}
                  label={text.copyPhone}
                  onClick={() => void copy(contact.phoneNumber, text.copied)}
                />
              </dd>
            </>
          )}
          {details?.email && (
            <>
              <dt>{text.email}</dt>
              <dd>
                <a href={`mailto:${details.email}`}>{details.email}</a>
              </dd>
            </>
          )}
          <dt>{text.inbox}</dt>
          <dd>{inbox.name}</dd>
          {details && (
            <>
              <dt>{text.since}</dt>
              <dd>{format.dayOf(details.createdAt, Date.now())}</dd>
            </>
          )}
          <dd className="facts-edit">
            <button
              type="button"
              className="button quiet"
              disabled={!details}
              onClick={() => setEditing(true)}
            >
              <Pencil size={14} aria-hidden="true" /> {text.edit}
            </button>
          </dd>
        </dl>
      )}
      {known.hasFailed && !details && <NotKnown onRetry={known.reload}>{text.failed}</NotKnown>}
      <div className="contact-part contact-work">
        <Assignee conversation={conversation} />
        <Stage conversation={conversation} />
      </div>
      {inbox.channel === 'live_chat' && <VisitorPart conversation={conversation} />}
      <Labels conversation={conversation} />
      {details && <Notes key={details.id} details={details} onSaved={known.adopt} />}
      <SharedFiles conversation={conversation} />
      {details && <Others details={details} openId={conversation.id} />}
      {details && <Doings details={details} known={known} />}
    </aside>
  );
}

/** In which column of the board the conversation is. */
function Stage({ conversation: { id, stageId } }: Pick<Props, 'conversation'>) {
  const text = useStore(contactText);
  const inbox = useInbox();
  const stages = useLive((state) => state.stages);
  return (
    <label>
      <span>{text.stage}</span>
      <select
        value={stageId}
        onChange={(event) => void attempt(inbox.move(id, event.target.value), text.notSaved)}
      >
        {stages.map((stage) => (
          <option key={stage.id} value={stage.id}>
            {stage.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Others({ details, openId }: { details: Details; openId: string }) {
  const text = useStore(contactText);
  const format = useFormat();
  const labelOf = useLabelOf();
  const now = useNow();
  const others = details.conversations.filter(({ id }) => id !== openId);
  if (others.length === 0) return null;
  return (
    <section className="contact-part">
      <h3>{text.others}</h3>
      <ul className="contact-others">
        {others.map((other) => (
          <li key={other.id}>
            <Link href={`/chat/${other.id}`}>
              <b>{other.inbox.name}</b>
              <time dateTime={activityOf(other)}>{format.timeAgo(activityOf(other), now)}</time>
              <span>
                {other.lastMessage && (other.lastMessage.content || labelOf(other.lastMessage))}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Blocks a contact, and says that they are somebody else. */
function Doings({ details, known }: { details: Details; known: Known }) {
  const text = useStore(contactText);
  const inbox = useInbox();
  const [open, setOpen] = useState<'block' | 'merge' | null>(null);
  const path = { id: details.id };
  const name = nameOf(details);
  const unblock = async () => {
    const asked = answer(inbox.api.POST('/api/contacts/{id}/unblock', { params: { path } }));
    if (await attempt(asked, text.notSaved)) known.adopt((await asked) as unknown as Details);
  };
  const unmerge = async (id: string) => {
    const asked = answer(
      inbox.api.POST('/api/contacts/{id}/unmerge', { params: { path: { id } } }),
    );
    if (await attempt(asked, text.notSaved)) known.reload();
  };
  return (
    <div className="contact-part contact-doings">
      {details.merged.length > 0 && (
        <>
          <h3>{text.mergedFrom}</h3>
          {details.merged.map((merged) => (
            <p key={merged.id}>
              <bdi>{nameOf(merged)}</bdi> · {phoneOf(merged) ?? merged.phoneNumber}
              <IconButton
                icon={Split}
                size={15}
                label={text.unmerge({ name: nameOf(merged) })}
                onClick={() => void unmerge(merged.id)}
              />
            </p>
          ))}
        </>
      )}
      <button type="button" className="button quiet" onClick={() => setOpen('merge')}>
        <Merge size={15} aria-hidden="true" /> {text.merge}
      </button>
      {details.isBlocked ? (
        <button type="button" className="button quiet" onClick={() => void unblock()}>
          <Ban size={15} aria-hidden="true" /> {text.unblock}
        </button>
      ) : (
        <button type="button" className="button quiet danger" onClick={() => setOpen('block')}>
          <Ban size={15} aria-hidden="true" /> {text.block}
        </button>
      )}
      {open === 'block' && (
        <BlockDialog
          name={name}
          id={details.id}
          onBlocked={known.adopt}
          onClose={() => setOpen(null)}
        />
      )}
      {open === 'merge' && (
        <MergeDialog
          details={details}
          onMerged={(into) => {
            tell(text.merged({ name: nameOf(into) }));
            known.reload();
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  );
}
