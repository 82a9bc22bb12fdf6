import { useStore } from '@nanostores/react';
import type { Contact, Message } from '../inbox-client';
import { type Language, language } from './i18n';
import { messageText } from './ui/text';

/** A phone number as people write it; what is none is left as it is. */
export function formatPhone(phoneNumber: string): string {
  const digits = phoneNumber.replace(/^\+/, '');
  const brazilian = /^(55)(\d\d)(\d{4,5})(\d{4})$/.exec(digits);
  if (brazilian) return `+55 ${brazilian[2]} ${brazilian[3]}-${brazilian[4]}`;
  const american = /^1(\d{3})(\d{3})(\d{4})$/.exec(digits);
  if (american) return `+1 ${american[1]} ${american[2]}-${american[3]}`;
  return /^\d{7,15}$/.test(digits) ? `+${digits}` : phoneNumber;
}

/** A contact's number, as people write it; nothing where they have none, as on a site. */
export function phoneOf({ phoneNumber }: Contact): string | null {
  return /^\+?\d+$/.test(phoneNumber) ? formatPhone(phoneNumber) : null;
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

/** Times and figures as the language writes them; `now` is in milliseconds. */
export type Format = ReturnType<typeof formatIn>;

const formats = new Map<Language, Format>();

/** How times and figures are written in the page's language. */
export function useFormat(): Format {
  const spoken = useStore(language);
  const known = formats.get(spoken) ?? formatIn(spoken);
  formats.set(spoken, known);
  return known;
}

/** What stands for a message that has no words of its own. */
export function useLabelOf(): (message: Message) => string {
  const text = useStore(messageText);
  return ({ type, metadata }) => {
    if (metadata.kind === 'sticker') return text.sticker;
    if (metadata.kind === 'voice') return text.voice;
    return text[type];
  };
}

/** How times and figures are written in a language. */
function formatIn(spoken: Language) {
  const clock = new Intl.DateTimeFormat(spoken, { hour: '2-digit', minute: '2-digit' });
  const shortDate = new Intl.DateTimeFormat(spoken, { day: '2-digit', month: '2-digit' });
  const longDate = new Intl.DateTimeFormat(spoken, { day: 'numeric', month: 'long' });
  const longDateWithYear = new Intl.DateTimeFormat(spoken, { dateStyle: 'long' });
  const moment = new Intl.DateTimeFormat(spoken, { dateStyle: 'short', timeStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(spoken, { numeric: 'auto' });
  const decimal = new Intl.NumberFormat(spoken, { maximumFractionDigits: 1 });
  const minutesLong = new Intl.NumberFormat(spoken, { style: 'unit', unit: 'minute' });
  const hoursLong = new Intl.NumberFormat(spoken, { style: 'unit', unit: 'hour' });
  const daysLong = new Intl.NumberFormat(spoken, {
    style: 'unit',
    unit: 'day',
    unitDisplay: 'long',
  });
  const secondsLong = new Intl.NumberFormat(spoken, { style: 'unit', unit: 'second' });
  const word = (days: number) => relative.format(-days, 'day');

  /** How long something takes, in its two largest units at most. */
  function duration(ms: number): string {
    const seconds = Math.round(ms / 1_000);
    if (seconds < 60) return secondsLong.format(seconds);
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return minutesLong.format(minutes);
    const hours = Math.floor(minutes / 60);
    if (hours >= 48) return daysLong.format(Math.floor(hours / 24));
    const rest = minutes % 60;
    return rest === 0
      ? hoursLong.format(hours)
      : `${hoursLong.format(hours)} ${minutesLong.format(rest)}`;
  }

  return {
    duration,
    /** A figure. */
    number: (value: number) => decimal.format(value),
    /** The time of day. */
    timeOfDay: (iso: string) => clock.format(new Date(iso)),
    /** Date and time, to the second. */
    moment: (iso: string) => moment.format(new Date(iso)),
    /** How long ago in a word or two: minutes, then the time of day, then the date. */
    timeAgo(iso: string, now: number): string {
      const minutes = Math.floor((now - Date.parse(iso)) / 60_000);
      if (minutes < 1) return relative.format(0, 'second');
      if (minutes < 60) return `${minutes} min`;
      const days = daysAgo(iso, now);
      if (days === 0) return clock.format(new Date(iso));
      return days === 1 ? word(1) : shortDate.format(new Date(iso));
    },
    /** The heading over a day's messages. */
    dayOf(iso: string, now: number): string {
      const days = daysAgo(iso, now);
      if (days < 2) {
        const day = word(days);
        return day.charAt(0).toUpperCase() + day.slice(1);
      }
      const date = new Date(iso);
      const isThisYear = date.getFullYear() === new Date(now).getFullYear();
      return (isThisYear ? longDate : longDateWithYear).format(date);
    },
  };
}

function daysAgo(iso: string, now: number): number {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  return Math.max(0, Math.round((midnight(now) - midnight(Date.parse(iso))) / 86_400_000));
}
