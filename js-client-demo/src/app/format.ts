import type { Contact, Message } from '../inbox-client/wire';
import { language, text } from './text';

const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
const shortDate = new Intl.DateTimeFormat(language, { day: '2-digit', month: '2-digit' });
const longDate = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long' });
const longDateWithYear = new Intl.DateTimeFormat(language, { dateStyle: 'long' });
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });

/** A phone number as people write it; what is none is left as it is. */
export function formatPhone(phoneNumber: string): string {
  const digits = phoneNumber.replace(/^\+/, '');
  const brazilian = /^(55)(\d\d)(\d{4,5})(\d{4})$/.exec(digits);
  if (brazilian) return `+55 ${brazilian[2]} ${brazilian[3]}-${brazilian[4]}`;
  const american = /^1(\d{3})(\d{3})(\d{4})$/.exec(digits);
  if (american) return `+1 ${american[1]} ${american[2]}-${american[3]}`;
  return /^\d{7,15}$/.test(digits) ? `+${digits}` : phoneNumber;
}

/** What a contact is called. */
export function nameOf(contact: Contact): string {
  return contact.name ?? formatPhone(contact.phoneNumber);
}

/** Up to two letters for a name; `#` for a bare number. */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return (
    letters
      .map((word) => [...(word ?? '')][0] ?? '')
      .join('')
      .toUpperCase() || '#'
  );
}

/** A hue between 0 and 359 that stays with an id. */
export function hueOf(id: string): number {
  return [...id].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 360, 7);
}

/** The time of day. */
export function timeOfDay(iso: string): string {
  return clock.format(new Date(iso));
}

/** How long ago in a word or two: minutes, then the time of day, then the date. */
export function timeAgo(iso: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(iso)) / 60_000);
  if (minutes < 1) return text.now;
  if (minutes < 60) return `${minutes} min`;
  const days = daysAgo(iso, now);
  if (days === 0) return timeOfDay(iso);
  return days === 1 ? relative.format(-1, 'day') : shortDate.format(new Date(iso));
}

/** The heading over a day's messages. */
export function dayOf(iso: string, now: number): string {
  const days = daysAgo(iso, now);
  if (days < 2) {
    const day = relative.format(-days, 'day');
    return day.charAt(0).toUpperCase() + day.slice(1);
  }
  const date = new Date(iso);
  const isThisYear = date.getFullYear() === new Date(now).getFullYear();
  return (isThisYear ? longDate : longDateWithYear).format(date);
}

/** What stands for a message that has no words of its own. */
export function labelOf({ type, metadata }: Message): string {
  if (metadata.kind === 'sticker') return text.sticker;
  if (metadata.kind === 'voice') return text.voice;
  return text.type[type];
}

function daysAgo(iso: string, now: number): number {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  return Math.max(0, Math.round((midnight(now) - midnight(Date.parse(iso))) / 86_400_000));
}
