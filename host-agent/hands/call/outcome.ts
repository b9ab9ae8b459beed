/**
 * How a call of a tool ends. A tool runs in an actor, which may be another user's process; so an outcome travels as
 * JSON and has a schema.
 */
import * as z from 'zod';
import { view } from './view.ts';

/**
 * Something that a call would touch and that OpenCode's rules, or a person, have to allow. `patterns` are matched with
 * the rules of `permission`; `always` is what "always" would allow from then on; `metadata` is what a person is shown.
 */
export const ask = z.object({
  permission: z.enum(['bash', 'edit', 'read', 'glob', 'grep', 'list', 'external_directory', 'webfetch']).or(
    // Aliases of contract §8.10 ask under their own names.
    z.templateLiteral(['workspace_', z.string()]),
  ),
  patterns: z.array(z.string()),
  always: z.array(z.string()),
  metadata: z.record(z.string(), z.unknown()),
});
export type Ask = z.infer<typeof ask>;

export const outcome = z.discriminatedUnion('kind', [
  /** Nothing was done: the call is to be repeated with these in `granted`. */
  z.object({ kind: z.literal('asks'), asks: z.array(ask) }),
  z.object({
    kind: z.literal('done'),
    title: z.string(),
    /** What the model reads. */
    text: z.string(),
    images: z.array(z.object({ mime: z.string(), base64: z.string() })).optional(),
    view,
    metadata: z.record(z.string(), z.unknown()).optional(),
  }),
  /** The model is told, and what it should do next. */
  z.object({ kind: z.literal('failed'), text: z.string() }),
]);
export type Outcome = z.infer<typeof outcome>;

/** What of `asks` is not granted: the same permission, with each of its patterns. */
export const notGranted = (asks: readonly Ask[], granted: readonly Ask[]): Ask[] =>
  asks.filter(
    ({ permission, patterns }) =>
      !patterns.every((pattern) =>
        granted.some((each) => each.permission === permission && each.patterns.includes(pattern)),
      ),
  );
