import type { CSSProperties } from 'react';
import { hueOf, initialsOf } from '../format';
import './avatar.css';

type Props = { id: string; name: string; size?: number };

/** A person as a disc with their initials; their name stands beside it, or on what it is in. */
export function Avatar({ id, name, size = 36 }: Props) {
  const style = { '--hue': hueOf(id), '--size': `${size}px` } as CSSProperties;
  return (
    <span className="avatar" style={style} aria-hidden="true">
      {initialsOf(name)}
    </span>
  );
}
