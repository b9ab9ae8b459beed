/** What the host-agent, the hands and an actor say to each other about snapshots. */
import * as z from 'zod';
import { maxUndoPaths } from '../../../shared/changes.ts';

/** So long tools of a turn wait for the snapshot of its beginning; then they go on, and that is said. */
export const holdMs = 10_000;

/** What actors call the tool by which these are said: no agent has one of this name. */
export const snapshotsName = 'open_agent_snapshots';

const step = z.string().min(1).max(200);
const page = { offset: z.int().nonnegative(), limit: z.int().positive() };

/** What the host-agent asks of a mission's snapshots. */
export const snapshotWish = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('begin'), turn: step, message: step.nullable() }),
  z.object({ verb: z.literal('end'), turn: step }),
  z.object({ verb: z.literal('list'), ...page }),
  z.object({ verb: z.literal('files'), step: step.nullable(), ...page }),
  z.object({ verb: z.literal('diff'), step: step.nullable(), path: z.string().nullable(), ...page }),
  z.object({
    verb: z.literal('undo'),
    step: step.nullable(),
    paths: z.array(z.string()).max(maxUndoPaths).nullable(),
    force: z.boolean(),
  }),
  z.object({ verb: z.literal('drop') }),
]);
export type SnapshotWish = z.infer<typeof snapshotWish>;

/** Where: the directory with the snapshots of missions (null: in the actor's home), and that of the mission. */
const where = {
  store: z.string().startsWith('/').nullable(),
  /** Names a directory. */
  mission: z.string().regex(/^[\w-]{1,200}$/),
  directory: z.string().startsWith('/'),
};

/** The same as an actor is told it. */
export const snapshotVerb = snapshotWish.and(z.object(where));
export type SnapshotVerb = z.infer<typeof snapshotVerb>;

export const border = z.object({ note: z.string().nullable(), ms: z.number() });

/** What an actor answers to a verb. */
export const verbAnswer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), code: z.string(), text: z.string() }),
]);
export type VerbAnswer = z.infer<typeof verbAnswer>;
