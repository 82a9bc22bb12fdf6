import { useStore } from '@nanostores/react';
import { LayoutTemplate, ListPlus, MapPin, Zap } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import type { Post } from '../../../inbox-client';
import { IconButton } from '../../ui/IconButton';
import { ButtonsDialog } from './ButtonsDialog';
import { PlaceDialog } from './PlaceDialog';
import { TemplateDialog } from './TemplateDialog';
import { composerText } from './text';

/** What can be sent beside words and files. */
export type Kind = 'template' | 'buttons' | 'place';

type Props = {
  isWindowOpen: boolean;
  isWhatsApp: boolean;
  onSend: (post: Post) => void;
};

/** Templates, buttons and places: a menu, and a dialog for each. */
export function Special({ isWindowOpen, isWhatsApp, onSend }: Props) {
  const text = useStore(composerText);
  const [kind, setKind] = useState<Kind | null>(null);
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const open = (next: Kind) => {
    menu.current?.hidePopover();
    setKind(next);
  };
  return (
    <>
      <IconButton icon={Zap} label={text.more} popoverTarget={id} />
      <div ref={menu} id={id} popover="auto" className="popover menu menu-up">
        {isWhatsApp && (
          <button type="button" onClick={() => open('template')}>
            <LayoutTemplate size={16} aria-hidden="true" /> {text.sendTemplate}
          </button>
        )}
        {isWhatsApp && (
          <button type="button" disabled={!isWindowOpen} onClick={() => open('buttons')}>
            <ListPlus size={16} aria-hidden="true" /> {text.sendButtons}
          </button>
        )}
        <button type="button" disabled={!isWindowOpen} onClick={() => open('place')}>
          <MapPin size={16} aria-hidden="true" /> {text.sendLocation}
        </button>
      </div>
      <SpecialDialog kind={kind} onSend={onSend} onClose={() => setKind(null)} />
    </>
  );
}

/** The dialog for something special; none for `null`. */
export function SpecialDialog({
  kind,
  onSend,
  onClose,
}: {
  kind: Kind | null;
  onSend: (post: Post) => void;
  onClose: () => void;
}) {
  switch (kind) {
    case null:
      return null;
    case 'template':
      return <TemplateDialog onSend={onSend} onClose={onClose} />;
    case 'buttons':
      return <ButtonsDialog onSend={onSend} onClose={onClose} />;
    case 'place':
      return <PlaceDialog onSend={onSend} onClose={onClose} />;
  }
}
