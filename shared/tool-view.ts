/**
 * A tool call as a client can draw it, beside the text that the model reads. Small: it travels with the event of the
 * call, at most `maxViewBytes` as JSON.
 */
import * as z from 'zod';

/** A view is stored with every call of every mission, so it has the size of a short message. */
export const maxViewBytes = 4096;

const count = z.int().nonnegative();

export const view = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('shell'),
    command: z.string(),
    directory: z.string(),
    /** Null while it runs, or when a signal ended it. */
    exitCode: z.int().nullable(),
    signal: z.string().optional(),
    durationMs: z.number().nonnegative().optional(),
    /** Names a command that goes on in the background. */
    background: z.string().optional(),
    /** The end of what it printed. */
    tail: z.string(),
    isCut: z.boolean(),
  }),
  z.object({
    kind: z.literal('edit'),
    files: z.array(
      z.object({
        path: z.string(),
        change: z.enum(['added', 'changed', 'deleted', 'moved']),
        /** Of a moved file: where it is now. */
        to: z.string().optional(),
        addedLines: count,
        removedLines: count,
      }),
    ),
    /** Unified; may end early. */
    diff: z.string(),
    isCut: z.boolean(),
  }),
  z.object({
    kind: z.literal('read'),
    path: z.string(),
    /** 1-based; 0 and 0 of an empty file, or of one that is described instead of shown. */
    firstLine: count,
    lastLine: count,
    /** Null when the file was not read to its end. */
    totalLines: count.nullable(),
    bytes: count,
  }),
  z.object({
    kind: z.literal('search'),
    pattern: z.string(),
    path: z.string(),
    matches: count,
    /** The first of the files. */
    files: z.array(z.string()),
    isCut: z.boolean(),
  }),
  z.object({
    kind: z.literal('tree'),
    path: z.string(),
    entries: count,
    /** The first of them; a directory ends with a slash. */
    names: z.array(z.string()),
    isCut: z.boolean(),
  }),
  z.object({ kind: z.literal('image'), path: z.string(), mime: z.string(), bytes: count }),
  z.object({
    kind: z.literal('fetch'),
    url: z.string(),
    status: z.int(),
    mime: z.string(),
    bytes: count,
    title: z.string().optional(),
  }),
]);
export type View = z.infer<typeof view>;

const utf8 = new TextEncoder();

/** A view that is small enough to be stored with its call. */
export const storedView = view.refine((value) => utf8.encode(JSON.stringify(value)).length <= maxViewBytes);
