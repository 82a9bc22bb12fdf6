import { FileText, Image, MapPin, Mic, Video } from 'lucide-react';
import type { Message } from '../../inbox-client';

const icons = {
  IMAGE: Image,
  VIDEO: Video,
  AUDIO: Mic,
  DOCUMENT: FileText,
  LOCATION: MapPin,
} as const;

/** The sign of a message that is more than text. */
export function TypeIcon({ type, size = 15 }: { type: Message['type']; size?: number }) {
  if (type === 'TEXT') return null;
  const Icon = icons[type];
  return <Icon size={size} aria-hidden="true" />;
}
