import { useStore } from '@nanostores/react';
import { ArrowLeft, CircleCheckBig, PanelRight, RotateCcw, Search, UserPlus } from 'lucide-react';
import { Link } from 'wouter';
import { useInbox, useLive } from '../../../hooks';
import type { Conversation, Typist } from '../../../inbox-client';
import { nameOf, phoneOf, useFormat } from '../../format';
import { useAgents } from '../../people';
import { ContactFace } from '../../ui/ContactFace';
import { IconButton } from '../../ui/IconButton';
import { tell } from '../../ui/toasts';
import { attempt } from '../attempt';
import { contactText } from '../contact/text';
import { giveBack } from './give-back';
import { Snooze } from './Snooze';
import { threadText } from './text';

type Props = {
  conversation: Conversation;
  typist: Typist | undefined;
  isPanelOpen: boolean;
  onPanel: () => void;
  onFind: () => void;
};

/** Who writes here, who looks after them, and what can be done with the conversation. */
export function Header({ conversation, typist, isPanelOpen, onPanel, onFind }: Props) {
  const text = useStore(threadText);
  const format = useFormat();
  const { contact, inbox, snoozedUntil, status } = conversation;
  const where = [contact.name && phoneOf(contact), inbox.name].filter(Boolean);
  return (
    <header className="thread-head">
      <Link
        className="icon-button thread-back"
        href="/chat"
        aria-label={text.back}
        title={text.back}
      >
        <ArrowLeft size={20} aria-hidden="true" />
      </Link>
      <button type="button" className="thread-who" title={text.details} onClick={onPanel}>
        <ContactFace contact={contact} channel={inbox.channel} size={38} />
        <span>
          <strong id="thread-name" dir="auto">
            {nameOf(contact)}
          </strong>
          <small data-typing={typist?.kind === 'CONTACT'}>
            {typist?.kind === 'CONTACT'
              ? text.typing
              : status === 'SNOOZED' && snoozedUntil
                ? text.snoozed({ time: format.moment(snoozedUntil) })
                : where.join(' · ')}
          </small>
        </span>
      </button>
      <div className="thread-acts">
        <Assignee conversation={conversation} />
        <Snooze conversation={conversation} />
        <Resolve conversation={conversation} />
        <IconButton icon={Search} label={text.find} onClick={onFind} />
        <IconButton
          icon={PanelRight}
          label={text.details}
          className="thread-details"
          aria-expanded={isPanelOpen}
          onClick={onPanel}
        />
      </div>
    </header>
  );
}

/** Who looks after a conversation. */
export function Assignee({ conversation: { id, assigneeId } }: Pick<Props, 'conversation'>) {
  const text = useStore(threadText);
  const { notSaved } = useStore(contactText);
  const inbox = useInbox();
  const agents = useAgents();
  const me = useLive((state) => state.me?.user ?? null);
  const choices = agents.filter((agent) => !agent.isDisabled || agent.id === assigneeId);
  const assign = (to: string | null) => {
    const name = agents.find((agent) => agent.id === to)?.name;
    void attempt(inbox.assign(id, to), notSaved).then((worked) => {
      if (worked && to !== me?.id) tell(name ? text.assigned({ name }) : text.unassigned);
    });
  };
  return (
    <span className="assignee">
      <label>
        <span className="assignee-label">{text.assignee}</span>
        <select value={assigneeId ?? ''} onChange={(event) => assign(event.target.value || null)}>
          <option value="">{text.nobody}</option>
          {choices.map((agent) => (
            <option key={agent.id} value={agent.id}>
              {agent.name}
            </option>
          ))}
        </select>
      </label>
      {!assigneeId && me && (
        <IconButton icon={UserPlus} label={text.assignToMe} onClick={() => assign(me.id)} />
      )}
    </span>
  );
}

function Resolve({ conversation }: Pick<Props, 'conversation'>) {
  const text = useStore(threadText);
  const { notSaved } = useStore(contactText);
  const inbox = useInbox();
  const { id, status, contact } = conversation;
  const isResolved = status === 'RESOLVED';
  const next = isResolved ? 'OPEN' : 'RESOLVED';
  const words = isResolved ? text.reopen : text.resolve;
  const Icon = isResolved ? RotateCcw : CircleCheckBig;
  const change = async () => {
    if (!(await attempt(inbox.status(id, next), notSaved))) return;
    const said = isResolved ? text.reopened : text.resolved;
    const undo = () => void attempt(giveBack(inbox, conversation), notSaved);
    tell(said({ name: nameOf(contact) }), { undo });
  };
  return (
    <button
      type="button"
      className="button thread-resolve"
      aria-label={words}
      aria-keyshortcuts="E"
      onClick={() => void change()}
    >
      <Icon size={16} aria-hidden="true" /> <span>{words}</span>
    </button>
  );
}
