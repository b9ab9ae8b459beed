import { fromNow, fromStart, parseCursor } from '../../shared/cursor.ts';
import type { Positions } from '../account/positions.ts';

/**
 * Ids of a stream of several servers (protocol §1): `<handle>~<server>.<seq>~…`. The handle names positions that the
 * user's account keeps, a server is its number there, and `seq` is where it stands in the log and segment of that
 * position; servers that have not moved are left out. `~<server>n` and `~<server>s` say that a server stands at `now`
 * or `start` although its kept position is later.
 */
export interface StreamId {
  handle: string;
  moved: readonly { server: number; at: string }[];
}

/** An id is at most 16 + 8 × 21 characters, of the 200 that any proxy takes in a header. */
export const maxMoved = 8;

const form = /^([A-Za-z0-9_-]{8,16})((?:~\d{1,4}(?:\.\d{1,15}|[ns]))*)$/;
const marks = { n: fromNow, s: fromStart } as const;

/** The parts of an id, or null for one of another form: a cursor, or the long vectors of before. */
export const parseStreamId = (text: string): StreamId | null => {
  const found = form.exec(text);
  if (!found?.[1]) return null;
  const moved = [...(found[2] ?? '').matchAll(/~(\d+)(?:\.(\d+)|([ns]))/g)].map((entry) => ({
    server: Number(entry[1]),
    at: entry[2] ?? entry[3] ?? '',
  }));
  return { handle: found[1], moved };
};

/** Where each server stands by an id and what was kept under its handle; null where the id is none of that. */
export const positionsBy = (id: StreamId, kept: Positions): Map<string, string> | null => {
  const positions = new Map(kept.map(({ host, at }) => [host, at]));
  for (const { server, at } of id.moved) {
    const known = kept[server];
    if (!known) return null;
    const { host } = known;
    const cursor = parseCursor(known.at);
    if (at === 'n' || at === 's') positions.set(host, marks[at]);
    else if (cursor) positions.set(host, `${cursor.log}.${cursor.segment}.${at}`);
    else return null;
  }
  return positions;
};

/** Writes ids by positions that were kept. */
export class StreamIds {
  readonly handle: string;
  readonly #kept: ReadonlyMap<string, { server: number; position: string }>;
  readonly #moved = new Map<string, string>();

  constructor(handle: string, kept: Positions) {
    this.handle = handle;
    this.#kept = new Map(kept.map(({ host, at }, server) => [host, { server, position: at }]));
  }

  /** Notes where a server stands. False where no id can say that by what was kept; then nothing is noted. */
  move(host: string, position: string): boolean {
    const kept = this.#kept.get(host);
    // One that is not named came later, and is shown from its start.
    if (!kept) return position === fromStart;
    if (kept.position === position) {
      this.#moved.delete(host);
      return true;
    }
    const at = this.#entryOf(kept.position, position);
    if (at === null || (this.#moved.size >= maxMoved && !this.#moved.has(host))) return false;
    this.#moved.set(host, `~${kept.server}${at}`);
    return true;
  }

  /** The id of where all servers stand. */
  get id(): string {
    return `${this.handle}${[...this.#moved.values()].join('')}`;
  }

  #entryOf(kept: string, position: string): string | null {
    if (position === fromNow) return 'n';
    if (position === fromStart) return 's';
    const stretch = stretchOf(position);
    return stretch !== '' && stretch === stretchOf(kept) ? `.${position.slice(stretch.length)}` : null;
  }
}

/** The log and segment of a cursor with the dot before its `seq`; empty for `start` and `now`. */
export const stretchOf = (position: string): string => position.slice(0, position.lastIndexOf('.') + 1);
