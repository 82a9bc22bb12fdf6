import { useStore } from '@nanostores/react';
import { MessageCircle, SearchX } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useLocation, useParams, useSearch } from 'wouter';
import { useInbox, useLive } from '../../hooks';
import { ApiError, answer, type Conversation } from '../../inbox-client';
import { attempt } from './attempt';
import type { ComposerHandle } from './composer/Composer';
import { ContactPanel } from './contact/ContactPanel';
import { contactText } from './contact/text';
import { KeysHelp } from './keys/KeysHelp';
import { useKeys } from './keys/use-keys';
import { ConversationList } from './list/ConversationList';
import { Thread } from './thread/Thread';
import { threadText } from './thread/text';
import './chat.css';

/** From this width on the contact stands beside the conversation. */
const roomy = '(width >= 1280px)';

/** The conversations, the messages of the one that stands in the address, and who writes there. */
export function ChatScreen() {
  const { id = null } = useParams();
  const messageId = new URLSearchParams(useSearch()).get('message');
  const inbox = useInbox();
  const { notSaved } = useStore(contactText);
  const [, go] = useLocation();
  const open = useLive((state) => (id === null ? undefined : state.conversations.get(id)));
  const [isPanelOpen, setPanelOpen] = useState(() => matchMedia(roomy).matches);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [findings, setFindings] = useState(0);
  const search = useRef<HTMLInputElement>(null);
  const composer = useRef<ComposerHandle>(null);
  const shown = useRef<readonly Conversation[]>([]);
  const noteShown = useCallback((list: readonly Conversation[]) => {
    shown.current = list;
  }, []);

  useKeys({
    step: (by) => {
      const at = shown.current.findIndex((each) => each.id === id);
      const next = shown.current[at < 0 ? 0 : Math.max(0, at + by)];
      if (next && next.id !== id) go(`/chat/${next.id}`);
    },
    reply: () => composer.current?.write('reply'),
    note: () => composer.current?.write('note'),
    resolve: () => {
      if (!open) return;
      const next = open.status === 'RESOLVED' ? 'OPEN' : 'RESOLVED';
      void attempt(inbox.status(open.id, next), notSaved);
    },
    markUnread: () => {
      if (!open) return;
      go('/chat');
      void attempt(inbox.markUnread(open.id), notSaved);
    },
    search: () => {
      search.current?.focus();
      search.current?.select();
    },
    find: () => setFindings((before) => before + 1),
    leave: () => go('/chat'),
    help: () => setHelpOpen(true),
  });

  return (
    <div className="chat" data-open={id !== null} data-panel={isPanelOpen && open !== undefined}>
      <ConversationList openId={id} search={search} onShown={noteShown} />
      {open ? (
        <Thread
          key={open.id}
          conversation={open}
          messageId={messageId}
          findings={findings}
          isPanelOpen={isPanelOpen}
          onPanel={() => setPanelOpen((before) => !before)}
          composer={composer}
        />
      ) : (
        <NoThread id={id} />
      )}
      {open && isPanelOpen && (
        <ContactPanel
          key={`panel-${open.id}`}
          conversation={open}
          onClose={() => setPanelOpen(false)}
        />
      )}
      {isHelpOpen && <KeysHelp onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

/** In place of a conversation: that one may be chosen, is being fetched, or is not there. */
function NoThread({ id }: { id: string | null }) {
  const text = useStore(threadText);
  const inbox = useInbox();
  const [missing, setMissing] = useState<string | null>(null);
  useEffect(() => {
    if (id === null) return;
    const close = inbox.open(id);
    const asked = answer(inbox.api.GET('/api/conversations/{id}', { params: { path: { id } } }));
    asked.catch((problem) => {
      if (problem instanceof ApiError && problem.status < 500) setMissing(id);
    });
    return close;
  }, [inbox, id]);
  if (id === null || missing === id) {
    const Icon = id === null ? MessageCircle : SearchX;
    return (
      <div className="thread thread-none empty">
        <Icon size={32} aria-hidden="true" />
        <strong>{id === null ? text.choose : text.missing}</strong>
        {id === null && <p>{text.chooseHint}</p>}
      </div>
    );
  }
  return (
    <div className="thread" aria-busy="true">
      <div className="messages-ghosts">
        {[46, 34, 58, 30].map((width, index) => (
          <i
            key={width}
            className="ghost"
            data-out={index % 2 === 1}
            style={{ width: `${width}%` }}
          />
        ))}
      </div>
    </div>
  );
}
