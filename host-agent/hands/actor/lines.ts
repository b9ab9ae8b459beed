import type { Readable } from 'node:stream';

const newline = 10;
/** What a line that comes in pieces is first given room for: a pipe hands over as much at once. */
const roomBytes = 64 * 1024;

interface LineEvents {
  /** `bytesFollow` says how many bytes that are no lines come right behind it. */
  onLine: (line: string, bytesFollow: (count: number) => void) => void;
  /** Those bytes, in as many parts as they come in. */
  onBytes?: (part: Buffer) => void;
  onTooLong: () => void;
}

/**
 * Calls `onLine` with each whole line of a stream, without its end. A line longer than `maxBytes` is not kept: then
 * `onTooLong` is called, once, and nothing more is read. What follows the last newline is no line. Bytes that a line
 * says to come behind it are handed on as they are, without being copied.
 */
export const eachLine = (
  stream: Readable,
  maxBytes: number,
  { onLine, onBytes = () => undefined, onTooLong }: LineEvents,
): void => {
  let held = Buffer.alloc(0);
  let heldBytes = 0;
  let rawBytes = 0;
  const bytesFollow = (count: number): void => {
    rawBytes = count;
  };

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
    for (let from = 0; from < piece.length; ) {
      if (rawBytes > 0) {
        const part = piece.subarray(from, from + rawBytes);
        rawBytes -= part.length;
        from += part.length;
        onBytes(part);
        continue;
      }
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
      let line: string;
      if (heldBytes === 0) line = part.toString();
      else {
        hold(part);
        line = held.toString('utf8', 0, heldBytes);
        if (held.length > roomBytes) held = Buffer.alloc(0);
        heldBytes = 0;
      }
      from = at + 1;
      onLine(line, bytesFollow);
    }
  };
  stream.on('data', take);
};
