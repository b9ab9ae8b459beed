/** What turns changed in the files of a mission, as servers tell it, clients are shown it, and people take it back. */
import * as z from 'zod';

const count = z.number().int().nonnegative();

/** Paths of files on Linux have at most so many bytes. */
const path = z.string().max(4096 * 4);

export const changedFile = z.object({
  /** Below the mission's directory; bytes that are no UTF-8 as `\xNN`. */
  path,
  change: z.enum(['added', 'modified', 'deleted', 'renamed']),
  /** Of a renamed file: where it was. */
  from: path.nullable(),
  /** What it is now, or was. A link is never followed: its text is where it leads. */
  kind: z.enum(['file', 'link']),
  /** No text that could be shown line by line. */
  binary: z.boolean(),
  /** Lines; null where they are not counted: it is binary, very large, or not kept. */
  added: count.nullable(),
  removed: count.nullable(),
  /** False for what is too large, or not to be read: it can be said that it has changed, and not be put back. */
  kept: z.boolean(),
});
export type ChangedFile = z.infer<typeof changedFile>;

/** A turn, or an undo, which can be undone as well. */
export const changeStep = z.object({
  id: z.string(),
  kind: z.enum(['turn', 'undo']),
  /** Of an undo: the step that it took back. */
  of: z.string().nullable(),
  /** Of a turn: the message that it was for. */
  message: z.string().nullable(),
  /** Milliseconds since 1970 by the server's clock; null where that border has no snapshot. */
  begun_at: count.nullable(),
  ended_at: count.nullable(),
  /** How many files it changed; null where that is not known any more. */
  files: count.nullable(),
  /** It was taken back, and that was not taken back. */
  undone: z.boolean(),
  /** What is not known exactly, as a sentence. */
  note: z.string().nullable(),
});
export type ChangeStep = z.infer<typeof changeStep>;

export const changesOfStep = z.object({
  /** Null: of the whole mission, from its first snapshot to now. */
  step: changeStep.nullable(),
  files: z.array(changedFile),
  /** Of which `files` is a page. */
  total: count,
  note: z.string().nullable(),
});
export type ChangesOfStep = z.infer<typeof changesOfStep>;

export const changesOfMission = changesOfStep.extend({
  /** The newest first. */
  steps: z.array(changeStep),
});
export type ChangesOfMission = z.infer<typeof changesOfMission>;

export const diffOfStep = z.object({
  step: changeStep.nullable(),
  files: z.array(
    changedFile.extend({
      /** As `diff -u` prints it; null for what is binary or not kept. */
      diff: z.string().nullable(),
      /** The diff is longer, and ends where this one does. */
      cut: z.boolean(),
    }),
  ),
  total: count,
  /** `offset` of the next page; null on the last. */
  next: count.nullable(),
  note: z.string().nullable(),
});
export type DiffOfStep = z.infer<typeof diffOfStep>;

export const undone = z.object({
  /** The step that this is, by which it can be undone; null where there was nothing to do. */
  undo: z.string().nullable(),
  /** The step that was taken back. */
  of: z.string(),
  files: z.array(
    z.object({
      path,
      /** `left`: it stays as it is, and `why` says why. */
      did: z.enum(['restored', 'removed', 'left']),
      why: z.string().nullable(),
    }),
  ),
  /** Of which `files` is the beginning. */
  total: count,
});
export type Undone = z.infer<typeof undone>;

/** Files on one page of changes. */
export const maxChangedFiles = 500;
/** UTF-16 units of the diffs on one page, and of one file's. */
export const maxDiffChars = 200_000;
/** Files that an undo is told by name. */
export const maxUndoPaths = 5_000;

/** What is to be taken back. */
export const undoBody = z.object({
  /** A turn, a message or an undo; by default the last turn that changed something and was not taken back. */
  turn: z.string().max(200).nullish(),
  /** Only these files; by default all that it changed. */
  paths: z.array(path).max(maxUndoPaths).nullish(),
  /** Also those that were changed since. What they are now is kept, so that this can be undone. */
  force: z.boolean().nullish(),
});
