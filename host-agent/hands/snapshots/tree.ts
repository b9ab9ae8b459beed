/** What a directory held, as an object: names with what they are. */
import * as z from 'zod';

/**
 * `file` and `exec` (a file that may be run) have their content as an object, `link` where it leads, `tree` what the
 * directory held. Of `unkept` there is only the mark of its state: it is too large, or can't be read.
 */
export const kind = z.enum(['file', 'exec', 'link', 'tree', 'unkept']);

export interface Entry {
  kind: z.infer<typeof kind>;
  /** Name of the object; of `unkept` the mark of its state. */
  hash: string;
  /** Bytes; of a tree 0. */
  size: number;
}

export interface Tree {
  entries: ReadonlyMap<string, Entry>;
  /** Names that were there and were left out: nothing is said of them, least of all that they were not there. */
  leftOut: ReadonlySet<string>;
}

export const emptyTree: Tree = { entries: new Map(), leftOut: new Set() };

/** Such as `namesIn` gives: the file is where agents can write, and no name in it may lead elsewhere. */
const name = z
  .string()
  .refine(
    (text) =>
      text !== '' && text !== '.' && text !== '..' && !text.includes('/') && !/^\0(..)*(2f|00|2e$|2e2e$)/.test(text),
  );

const stored = z.object({
  entries: z.array(z.tuple([name, kind, z.string(), z.number()])),
  leftOut: z.array(name),
});

/** The same tree always has the same bytes. */
export const bytesOfTree = ({ entries, leftOut }: Tree): Buffer => {
  const rows = [...entries].map(([at, { kind: is, hash, size }]): [string, string, string, number] => [
    at,
    is,
    hash,
    size,
  ]);
  rows.sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(JSON.stringify({ entries: rows, leftOut: [...leftOut].sort() }));
};

/** Throws for what is none. */
export const treeOfBytes = (bytes: Buffer): Tree => {
  const { entries, leftOut } = stored.parse(JSON.parse(bytes.toString()));
  return {
    entries: new Map(entries.map(([at, is, hash, size]) => [at, { kind: is, hash, size }])),
    leftOut: new Set(leftOut),
  };
};
