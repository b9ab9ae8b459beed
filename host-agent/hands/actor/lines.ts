import type { Readable } from 'node:stream';

const newline = 10;
/** What a line that comes in pieces is first given room for: a pipe hands over as much at once. */
const roomBytes = 64 * 1024;

/**
 * Calls `onLine` with each whole line of a stream, without its end. A line longer than `maxBytes` is not kept: then
 * `onTooLong` is called, once, and nothing more is read. What follows the last newline is no line.
 */
export const eachLine = (
  stream: Readable,
  maxBytes: number,
  { onLine, onTooLong }: { onLine: (line: string) => void; onTooLong: () => void },
): void => {
  let held = Buffer.alloc(0);
  let heldBytes = 0;

  /** Twice the room each time, so that whoever sends single bytes costs no more than their number. */
  const hold = (piece: Buffer): void => {
    const needed = heldBytes + piece.length;
    if (needed > held.length) {
      const larger = Buffer.allocUnsafe(Math.max(roomBytes, needed, held.length * 2));
      held.copy(larger, 0, 0, heldBytes);
      held = larger;
    }
    piece.copy(held, heldBytes);
    heldBytes = needed;
  };

  const take = (piece: Buffer): void => {
    for (let from = 0; ; ) {
      const at = piece.indexOf(newline, from);
      const part = piece.subarray(from, at === -1 ? undefined : at);
      if (heldBytes + part.length > maxBytes) {
        stream.off('data', take);
        stream.pause();
        held = Buffer.alloc(0);
        onTooLong();
        return;
      }
      if (at === -1) {
        hold(part);
        return;
      }
      if (heldBytes === 0) onLine(part.toString());
      else {
        hold(part);
        const line = held.toString('utf8', 0, heldBytes);
        if (held.length > roomBytes) held = Buffer.alloc(0);
        heldBytes = 0;
        onLine(line);
      }
      from = at + 1;
    }
  };
  stream.on('data', take);
};
