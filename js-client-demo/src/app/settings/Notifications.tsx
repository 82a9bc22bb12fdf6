import { useStore } from '@nanostores/react';
import { useInbox } from '../../hooks';
import { ring } from '../notify/bell';
import { desktop, sound, volume, wantDesktop } from '../notify/settings';
import { hotAfter, warmAfter } from '../shell/preferences';
import { settingsText } from './text';

/** By what one learns of messages that one does not see. */
export function Notifications() {
  const text = useStore(settingsText);
  const rings = useStore(sound);
  const loud = useStore(volume);
  const pops = useStore(desktop);
  const { api } = useInbox();
  // On an iPhone, only pages that stand on the home screen have any.
  const permission = globalThis.Notification?.permission;
  const whyNot = permission ? permission === 'denied' && text.denied : text.noDesktop;
  return (
    <ul className="entries">
      <li>
        <div>
          <label className="choice">
            <input
              type="checkbox"
              checked={rings}
              onChange={(event) => sound.set(event.target.checked)}
            />
            <strong>{text.sound}</strong>
          </label>
          <span>{text.soundHint}</span>
        </div>
        <label className="choice">
          {text.volume}
          <input
            type="range"
            min={0}
            max={1}
            step={0.1}
            value={loud}
            disabled={!rings}
            onChange={(event) => volume.set(Number(event.target.value))}
          />
        </label>
        <button type="button" className="button" disabled={!rings} onClick={ring}>
          {text.tryIt}
        </button>
      </li>
      <li>
        <div>
          <label className="choice">
            <input
              type="checkbox"
              checked={pops}
              disabled={whyNot !== false}
              onChange={(event) => void wantDesktop(event.target.checked, api)}
            />
            <strong>{text.desktop}</strong>
          </label>
          <span>{whyNot || text.desktopHint}</span>
        </div>
      </li>
      <li>
        <div>
          <strong>{text.waiting}</strong>
          <span>{text.waitingHint}</span>
        </div>
        <Minutes label={text.warmAfter} of={warmAfter} />
        <Minutes label={text.hotAfter} of={hotAfter} />
      </li>
    </ul>
  );
}

function Minutes({ label, of }: { label: string; of: typeof warmAfter }) {
  const minutes = useStore(of);
  return (
    <label className="choice">
      {label}
      <input
        type="number"
        min={1}
        max={1440}
        defaultValue={minutes}
        onChange={({ target }) => {
          if (target.value && target.validity.valid) of.set(target.valueAsNumber);
        }}
      />
    </label>
  );
}
