/** The newest bytes of a stream, at most so many: what it takes in memory does not grow with the stream. */
export interface Ring {
  push(bytes: Buffer): void;
  /** A copy of the newest `count` bytes, or of all that there are. */
  newest(count: number): Buffer;
  /** How many there are. */
  size(): number;
}

/** Most commands print less than this, and need no more room. */
const firstBytes = 4096;

export const ring = (maxBytes: number): Ring => {
  let room = Buffer.allocUnsafe(Math.min(firstBytes, maxBytes));
  let end = 0; // Where the next byte goes.
  let size = 0;

  const copyNewest = (count: number, into: Buffer): void => {
    const from = (end - count + room.length) % room.length;
    const first = Math.min(count, room.length - from);
    room.copy(into, 0, from, from + first);
    room.copy(into, first, 0, count - first);
  };

  const grow = (wanted: number): void => {
    let length = room.length;
    while (length < wanted && length < maxBytes) length *= 2;
    const larger = Buffer.allocUnsafe(Math.min(length, maxBytes));
    copyNewest(size, larger);
    room = larger;
    end = size % room.length;
  };

  return {
    push: (bytes) => {
      if (size + bytes.length > room.length && room.length < maxBytes) grow(size + bytes.length);
      const kept = bytes.length > room.length ? bytes.subarray(bytes.length - room.length) : bytes;
      const first = Math.min(kept.length, room.length - end);
      kept.copy(room, end, 0, first);
      kept.copy(room, 0, first);
      end = (end + kept.length) % room.length;
      size = Math.min(size + kept.length, room.length);
    },
    newest: (count) => {
      const copy = Buffer.allocUnsafe(Math.min(count, size));
      copyNewest(copy.length, copy);
      return copy;
    },
    size: () => size,
  };
};
