import { useStore } from '@nanostores/react';
import { ChevronDown, ChevronUp, RefreshCw, Search, X } from 'lucide-react';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useInbox } from '../../../hooks';
import { answer } from '../../../inbox-client';
import { IconButton } from '../../ui/IconButton';
import { threadText } from './text';

type Props = {
  conversationId: string;
  /** What is looked for; told back so that it can be marked. */
  words: string;
  onWords: (words: string) => void;
  onShow: (messageId: string) => void;
  onClose: () => void;
};

const restMs = 250;
const mostHits = 100;

/** Looks for words in a conversation, and goes from one place to the next, the newest first. */
export function Find({ conversationId, words, onWords, onShow, onClose }: Props) {
  const text = useStore(threadText);
  const inbox = useInbox();
  const field = useRef<HTMLInputElement>(null);
  const [hits, setHits] = useState<readonly string[] | 'failed' | null>(null);
  const [place, setPlace] = useState(0);
  const [tries, setTries] = useState(0);
  const asked = words.trim();
  // It is another with every message that comes, which is no reason to search again.
  const showFirst = useEffectEvent(onShow);

  // biome-ignore lint/correctness/useExhaustiveDependencies: who tries again wants the same once more
  useEffect(() => {
    if (asked.length < 2) return setHits(null);
    let isWanted = true;
    const timer = setTimeout(() => {
      const query = { q: asked, conversationId, limit: mostHits };
      answer(inbox.api.GET('/api/messages/search', { params: { query } })).then(
        ({ messages }) => {
          if (!isWanted) return;
          const ids = messages.map(({ message }) => message.id);
          setHits(ids);
          setPlace(0);
          if (ids[0]) showFirst(ids[0]);
        },
        () => isWanted && setHits('failed'),
      );
    }, restMs);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [inbox, conversationId, asked, tries]);

  const hasFailed = hits === 'failed';
  const ids = hits === null || hasFailed ? [] : hits;
  const total = ids.length;
  const go = (by: number) => {
    const next = (place + by + total) % total;
    const id = ids[next];
    if (!id) return;
    setPlace(next);
    onShow(id);
  };
  const tryAgain = () => {
    setHits(null);
    setTries(tries + 1);
    field.current?.focus();
  };
  const found = total > 0 ? text.findPlace({ place: place + 1, total }) : text.findNone;
  return (
    <search className="find">
      <Search size={16} aria-hidden="true" />
      <input
        ref={field}
        // biome-ignore lint/a11y/noAutofocus: it has just been asked for
        autoFocus
        type="search"
        dir="auto"
        value={words}
        placeholder={text.find}
        aria-label={text.find}
        onChange={(event) => onWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && total > 0) go(event.shiftKey ? -1 : 1);
          if (event.key !== 'Escape') return;
          event.stopPropagation();
          onClose();
        }}
      />
      <span role="status">{hasFailed ? text.findFailed : hits && found}</span>
      {hasFailed ? (
        <IconButton icon={RefreshCw} label={text.tryAgain} onClick={tryAgain} />
      ) : (
        <>
          <IconButton
            icon={ChevronUp}
            label={text.findNext}
            disabled={total < 2}
            onClick={() => go(1)}
          />
          <IconButton
            icon={ChevronDown}
            label={text.findPrevious}
            disabled={total < 2}
            onClick={() => go(-1)}
          />
        </>
      )}
      <IconButton icon={X} label={text.findClose} onClick={onClose} />
    </search>
  );
}
