import * as z from 'zod';
import { ask } from './outcome.ts';

/** Names and ids that others make. */
const name = z.string().min(1).max(500);

/**
 * `_meta` of a `tools/call`: on whose behalf it is. MCP itself tells no server who calls (opencode §10.8), so the
 * plug-in in OpenCode says it here. Names of MCP's own (`progressToken`) are left to it.
 */
export const callMeta = z.object({
  /** OpenCode's directory of the session, which is the mission's. */
  directory: z.string().startsWith('/').max(4_096),
  session: name,
  /** OpenCode's message that the call is part of. */
  message: name,
  call: name,
  agent: name,
  /** What OpenCode's rules or a person allowed after an outcome `asks` of this very call. */
  granted: z.array(ask).max(100).default([]),
});

/**
 * `_meta` of the progress of a call: what it printed since the one before, so that whoever called knows it also where
 * no result comes. `skipped`: UTF-16 units before `text` that were too many.
 */
export const printedMeta = z.object({
  printed: z.object({ skipped: z.int().nonnegative(), text: z.string() }),
});
export type PrintedPiece = z.infer<typeof printedMeta>['printed'];

/** Who calls. */
export type Caller = Readonly<z.infer<typeof callMeta>>;
