/**
 * A position in one log: `<log>.<segment>.<seq>` (protocol §1). Valid only if the object knows the segment and seq lies
 * in it.
 */
export interface Cursor {
  log: string;
  segment: string;
  seq: number;
}

export const formatCursor = (cursor: Cursor): string => `${cursor.log}.${cursor.segment}.${cursor.seq}`;

/** The cursor in a text, or null for anything else; never throws, because clients send whatever they kept. */
export const parseCursor = (text: string): Cursor | null => {
  const match = /^([A-Za-z0-9-]{1,64})\.([A-Za-z0-9-]{1,64})\.(\d{1,15})$/.exec(text);
  if (!match?.[1] || !match[2] || !match[3]) return null;
  return { log: match[1], segment: match[2], seq: Number(match[3]) };
};

/**
 * Stands in place of a cursor for "from the beginning of the log": the position on a server that was enrolled after the
 * stream had begun.
 */
export const fromStart = 'start';
/**
 * Stands in place of a cursor for a server that was not joined yet: the snapshot of the join is where the stream
 * begins.
 */
export const fromNow = 'now';

/** Bounds what is read of an id that a client sends; no edge has so many servers. */
const maxEntries = 1_000;

/**
 * Positions on several servers as ids told them before they were short, `host=cursor` joined by `,`: clients may have
 * kept one. A plain cursor is returned under the key '' (a stream that had one server).
 */
export const parseVector = (text: string): Map<string, string> => {
  const vector = new Map<string, string>();
  for (const entry of text.split(',').slice(0, maxEntries)) {
    const at = entry.indexOf('=');
    vector.set(at < 0 ? '' : entry.slice(0, at), at < 0 ? entry : entry.slice(at + 1));
  }
  return vector;
};

/** The id of a stream where no server had anything of the user: whatever there is when it comes back came later. */
export const nothingYet = 'none';
