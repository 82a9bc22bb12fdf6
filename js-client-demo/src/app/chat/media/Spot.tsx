import { useStore } from '@nanostores/react';
import { MapPin, Phone, UserRound } from 'lucide-react';
import type { Entry } from '../../../inbox-client';
import { formatPhone } from '../../format';
import { mediaText } from './text';

type Place = { latitude?: number; longitude?: number; name?: string; address?: string };
type Card = { name?: { formatted_name?: string }; phones?: { phone?: string; wa_id?: string }[] };

/** A place on earth, and a way to see it on a map. */
export function Spot({ entry }: { entry: Entry }) {
  const text = useStore(mediaText);
  const { latitude, longitude, name, address } = (entry.metadata.location ?? {}) as Place;
  const isKnown = typeof latitude === 'number' && typeof longitude === 'number';
  return (
    <div className="spot">
      <MapPin size={22} aria-hidden="true" />
      <span>
        <b>
          {name ?? (isKnown ? `${latitude.toFixed(5)}, ${longitude.toFixed(5)}` : entry.content)}
        </b>
        {address && <small>{address}</small>}
        {isKnown && (
          <a
            href={`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`}
            target="_blank"
            rel="noopener noreferrer"
          >
            {text.map}
          </a>
        )}
      </span>
    </div>
  );
}

/** People whom somebody has passed on. */
export function ContactCards({ entry }: { entry: Entry }) {
  const text = useStore(mediaText);
  const cards = (entry.metadata.contacts ?? []) as Card[];
  return (
    <ul className="contact-cards">
      {cards.map(({ name, phones }, index) => {
        const called = name?.formatted_name ?? '';
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: they come in an order, and stay in it
          <li key={index}>
            <UserRound size={20} aria-hidden="true" />
            <span>
              <b>{called}</b>
              {phones?.map(({ phone, wa_id }) => {
                const number = wa_id ?? phone ?? '';
                return (
                  <a
                    key={number}
                    href={`tel:+${number.replace(/\D/g, '')}`}
                    aria-label={text.call({ name: called })}
                  >
                    <Phone size={13} aria-hidden="true" /> {formatPhone(number)}
                  </a>
                );
              })}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
