import type { Src } from './frames.ts';

/** Order of two source positions of one session: OpenCode's seq first, then the index inside one event of OpenCode. */
const isAfter = (a: { seq: number; index: number }, b: { seq: number; index: number }): boolean =>
  a.seq > b.seq || (a.seq === b.seq && a.index > b.index);

export type AppendVerdict = 'insert' | 'repeated' | 'gap' | 'known_source';

/**
 * The append rule (protocol §3), applied to one row inside one transaction. In: the row's `n`, the last n stored of its
 * run, its source and the highest source position stored of that session. Out: `repeated` → acknowledge, store nothing
 * · `gap` → close with 4009, change nothing · `known_source` → the same fact came under another number (a restored
 * host): n goes on, nothing is stored · `insert` → store.
 */
export const appendVerdict = (
  n: number,
  lastN: number,
  src: Src | undefined,
  highest: { seq: number; index: number } | undefined,
): AppendVerdict => {
  if (n <= lastN) return 'repeated';
  if (n > lastN + 1) return 'gap';
  if (src && highest && !isAfter(src, highest)) return 'known_source';
  return 'insert';
};

/**
 * What a checkpoint adds to a part of `storedLength` characters: the new suffix, or null when there is nothing new or
 * text before it is missing (protocol §3: above the stored length it is ignored; the part's end mends everything).
 */
export const checkpointSuffix = (storedLength: number, off: number, text: string): string | null => {
  if (off > storedLength) return null;
  const suffix = text.slice(storedLength - off);
  return suffix === '' ? null : suffix;
};
