import { useStore } from '@nanostores/react';
import { LocateFixed } from 'lucide-react';
import { useRef } from 'react';
import type { Post } from '../../../inbox-client';
import { SendDialog } from './SendDialog';
import { composerText } from './text';

type Props = { onSend: (post: Post) => void; onClose: () => void };

/** Sends a place on earth. */
export function PlaceDialog({ onSend, onClose }: Props) {
  const text = useStore(composerText);
  const latitude = useRef<HTMLInputElement>(null);
  const longitude = useRef<HTMLInputElement>(null);
  function send(fields: FormData) {
    const [name, address] = [fields.get('name'), fields.get('address')].map(String);
    const location = {
      latitude: Number(fields.get('latitude')),
      longitude: Number(fields.get('longitude')),
      ...(name && { name }),
      ...(address && { address }),
    };
    onSend({ type: 'LOCATION', content: '', location } as Post);
  }
  const locate = () =>
    navigator.geolocation?.getCurrentPosition(({ coords }) => {
      if (latitude.current) latitude.current.value = coords.latitude.toFixed(6);
      if (longitude.current) longitude.current.value = coords.longitude.toFixed(6);
    });
  return (
    <SendDialog title={text.sendLocation} onSend={send} onClose={onClose}>
      <div className="pair">
        <label>
          {text.latitude}
          <input
            ref={latitude}
            name="latitude"
            type="number"
            step="any"
            min={-90}
            max={90}
            required
          />
        </label>
        <label>
          {text.longitude}
          <input
            ref={longitude}
            name="longitude"
            type="number"
            step="any"
            min={-180}
            max={180}
            required
          />
        </label>
      </div>
      <button type="button" className="button" onClick={locate}>
        <LocateFixed size={16} aria-hidden="true" /> {text.myPlace}
      </button>
      <label>
        {text.placeName}
        <input name="name" dir="auto" maxLength={100} />
      </label>
      <label>
        {text.placeAddress}
        <input name="address" dir="auto" maxLength={200} />
      </label>
    </SendDialog>
  );
}
