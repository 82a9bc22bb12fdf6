import type { In } from '../../i18n/in';
import type { mediaText } from './text';

export const chatMedia: In<typeof mediaText> = {
  open: 'Open the image',
  close: 'Close',
  previous: 'Previous image',
  next: 'Next image',
  download: 'Download',
  downloadNamed: 'Download {name}',
  play: 'Play',
  pause: 'Pause',
  position: 'Position',
  speed: 'Speed',
  coming: 'The file is on its way…',
  failed: 'The file could not be fetched.',
  gone: 'WhatsApp no longer has the file.',
  expired: 'The file has expired on WhatsApp.',
  too_large: 'The file is too large.',
  checksum: 'The file arrived damaged.',
  forbidden: 'WhatsApp did not hand over the file.',
  unreachable: 'WhatsApp did not answer.',
  file: 'File',
  map: 'Show on a map',
  call: 'Call {name}',
};
