import { volume } from './settings';

let audio: AudioContext | null = null;

/** Lets the bell ring from the first gesture on: browsers are silent before. */
export function primeBell(): () => void {
  const prime = () => {
    audio ??= new AudioContext();
    void audio.resume();
  };
  addEventListener('pointerdown', prime, { once: true });
  addEventListener('keydown', prime, { once: true });
  return () => {
    removeEventListener('pointerdown', prime);
    removeEventListener('keydown', prime);
  };
}

/** Whether the bell would be heard. */
export function canRing(): boolean {
  return audio?.state === 'running';
}

/** Two short tones, as loud as was chosen. */
export function ring(): void {
  if (!audio) return;
  const loudness = audio.createGain();
  loudness.gain.value = volume.get() * 0.3;
  loudness.connect(audio.destination);
  tone(audio, loudness, 660, 0);
  tone(audio, loudness, 880, 0.13);
}

function tone(context: AudioContext, into: AudioNode, pitch: number, after: number): void {
  const at = context.currentTime + after;
  const fade = new GainNode(context, { gain: 0 });
  fade.gain.setValueAtTime(0, at);
  fade.gain.linearRampToValueAtTime(1, at + 0.015);
  fade.gain.exponentialRampToValueAtTime(0.001, at + 0.32);
  const source = new OscillatorNode(context, { type: 'sine', frequency: pitch });
  source.connect(fade).connect(into);
  source.start(at);
  source.stop(at + 0.34);
}
