/** Which steps a mission went: turns, and undos of them, each from one tree to another. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const id = z.string().min(1).max(200);
const at = z.object({ tree: z.string(), atMs: z.number() });

const line = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('begin'),
    id,
    kind: z.enum(['turn', 'undo']),
    /** Of an undo: the step that it takes back. */
    of: id.nullable(),
    /** Of an undo: of some files alone. */
    isPartial: z.boolean(),
    /** Of a turn: its message. */
    message: id.nullable(),
    at: at.nullable(),
    /** Why there is no tree, or why it may have some of what the step did. */
    note: z.string().nullable(),
  }),
  z.object({ type: z.literal('end'), id, at: at.nullable(), note: z.string().nullable() }),
]);
type Line = z.infer<typeof line>;

export interface Step {
  id: string;
  kind: 'turn' | 'undo';
  of: string | null;
  isPartial: boolean;
  message: string | null;
  begin: z.infer<typeof at> | null;
  end: z.infer<typeof at> | null;
  hasEnded: boolean;
  notes: string[];
}

export interface Steps {
  /** The oldest first. */
  all(): readonly Step[];
  get(id: string): Step | undefined;
  /** Throws when it can't be written down. */
  add(line: Line): void;
  /** Forgets all but these. */
  keepOnly(steps: readonly Step[]): void;
}

/**
 * The steps in a file with a line for each border, which is written when all is kept that it names: after a kill at any
 * time it says what is true.
 */
export const stepsIn = (directory: string): Steps => {
  const path = join(directory, 'steps.ndjson');
  const steps = new Map<string, Step>();
  const take = (read: Line): void => {
    if (read.type === 'begin') {
      const { type: _, at: begin, note, ...rest } = read;
      if (!steps.has(read.id))
        steps.set(read.id, { ...rest, begin, end: null, hasEnded: false, notes: note === null ? [] : [note] });
      return;
    }
    const step = steps.get(read.id);
    if (!step || step.hasEnded) return;
    step.end = read.at;
    step.hasEnded = true;
    if (read.note !== null) step.notes.push(read.note);
  };
  for (const text of textOf(path).split('\n')) {
    const read = lineOf(text);
    if (read) take(read);
  }
  return {
    all: () => [...steps.values()],
    get: (wanted) => steps.get(wanted) ?? [...steps.values()].find(({ message }) => message === wanted),
    add: (added) => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      // Each begins a line of its own, also behind one that a full disk cut short.
      appendFileSync(path, `\n${JSON.stringify(added)}\n`, { mode: 0o600 });
      take(added);
    },
    keepOnly: (kept) => {
      steps.clear();
      for (const step of kept) steps.set(step.id, step);
      const text = kept.flatMap(linesOf).map((each) => `${JSON.stringify(each)}\n`);
      writeFileSync(`${path}.part`, text.join(''), { mode: 0o600 });
      renameSync(`${path}.part`, path);
    },
  };
};

const linesOf = ({ id: of, kind, of: undone, isPartial, message, begin, end, hasEnded, notes }: Step): Line[] => [
  {
    type: 'begin',
    id: of,
    kind,
    of: undone,
    isPartial,
    message,
    at: begin,
    note: notes.length === 0 ? null : notes.join(' '),
  },
  ...(hasEnded ? [{ type: 'end' as const, id: of, at: end, note: null }] : []),
];

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // There are none yet.
  }
};

/** What can't be read was cut short by a full disk, or a kill. */
const lineOf = (text: string): Line | undefined => {
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};
