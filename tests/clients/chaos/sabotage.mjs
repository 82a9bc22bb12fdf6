/** Ways to break a promise on purpose, each of which has to be reported: the proof that this test can fail. */
export const SABOTAGES = ['drop', 'repeat', 'forget'];

const EVERY = 10;
const AHEAD = 3;

/** Spoils one client's way or memory: `drop` loses events, `repeat` doubles them, `forget` lets it skip some. */
export function sabotage(how, way, record) {
  if (how === 'drop') way.spoil = nowAndThen(() => '');
  if (how === 'repeat') way.spoil = nowAndThen((event) => event + event);
  if (how === 'forget') {
    let last;
    Object.defineProperty(record, 'last', {
      get: () => last,
      set: (seq) => {
        last = seq > 0 && seq % EVERY === 0 ? seq + AHEAD : seq;
      },
    });
  }
}

/** Changes the first event of every tenth chunk in which one begins. */
function nowAndThen(change) {
  let chunks = 0;
  return (chunk) => {
    const text = chunk.toString('latin1');
    const event = firstFrame(chunk, text) ?? /[0-9a-f]+\r\n(?:event|id): [^]*?\n\n\r\n/.exec(text)?.[0];
    if (event === undefined) return chunk;
    chunks += 1;
    return chunks % EVERY === 0 ? Buffer.from(text.replace(event, () => change(event)), 'latin1') : chunk;
  };
}

/** The websocket frame at the beginning, if it is a Socket.IO event. */
function firstFrame(chunk, text) {
  if (chunk[0] !== 0x81 || chunk.length < 6) return undefined;
  const [header, length] = chunk[1] < 126 ? [2, chunk[1]] : [4, chunk.readUInt16BE(2)];
  const isWhole = chunk.length >= header + length;
  return isWhole && text.startsWith('42["', header) ? text.slice(0, header + length) : undefined;
}
