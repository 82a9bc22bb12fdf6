import type { Span } from '../span';
import type { LiveSocket } from './socket';

/** A socket that is open, or being opened. */
export type Line = { span: Span; socket: LiveSocket };

/** What a pulse needs of its surroundings. */
type Surroundings = {
  /** The number of the last event that has come; `null` before the first. */
  point: () => number | null;
  isHidden: () => boolean;
  /** It is known anew how long the way is. */
  onMeasured: () => void;
};

/** How often the way to the server is measured; four times as seldom in a hidden tab. */
const pingMs = 15_000;
/** A socket that says nothing for so long, when asked after the device has slept, is dead. */
const probeMs = 3_000;
/** How long the server may be ahead of us before we ask. */
const lagMs = 2_000;

/** How well an open socket works: how long the way is, whether it is dead, and whether it lags. */
export class Pulse {
  /** The time to the server and back, in milliseconds. */
  latencyMs: number | null = null;
  readonly #around: Surroundings;
  #lagging: (() => void) | null = null;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Measures the way again and again, until the line ends. */
  async measure(line: Line): Promise<void> {
    const point = this.#around.point();
    if (point === null || line.span.isOver) return;
    const latency = await line.socket.sync(point, probeMs);
    if (line.span.isOver) return;
    this.#measured(latency);
    const wait = this.#around.isHidden() ? pingMs * 4 : pingMs;
    line.span.after(wait, () => void this.measure(line));
  }

  /** Whether a line that looks open is dead, as after sleep: then it answers nothing, and says nothing. */
  async isDead(line: Line): Promise<boolean> {
    const point = this.#around.point();
    if (point === null) return false;
    const asked = Date.now();
    const latency = await line.socket.sync(point, probeMs);
    if (line.span.isOver) return false;
    if (latency === null && line.socket.heardAt() < asked) return true;
    this.#measured(latency);
    return false;
  }

  /** The server's log has come to `seq`: asks for what is missing of it a while later. */
  beat(line: Line, seq: number): void {
    this.#lagging?.();
    this.#lagging = line.span.after(lagMs, () => {
      const point = this.#around.point();
      if (point !== null && point < seq) void line.socket.sync(point, probeMs * 3);
    });
  }

  #measured(latency: number | null): void {
    this.latencyMs = latency === null ? null : Math.round(latency);
    this.#around.onMeasured();
  }
}
