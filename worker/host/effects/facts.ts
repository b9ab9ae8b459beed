/** What the object tells D1 of its server itself, with a revision of its own: the newest wins, whatever comes when. */
import * as z from 'zod';
import { slotsOf } from '../missions/slots.ts';
import { remembered } from '../remembered.ts';
import { getMeta, setMeta } from '../tables.ts';
import { want } from './effects.ts';

const facts = z.object({
  rev: z.number().int(),
  /** A command or turn may be alive there. */
  live: z.boolean(),
  /** As last reported; null before the first report. */
  agents: z.array(z.string()).nullable(),
  working_dir: z.string().nullable(),
  /** The percentage from which admins were told that its log is full (upkeep/space.ts); 0 while it is not. */
  full: z.number().int().default(0),
  /** Since when it is connected (milliseconds), null while it is not (link/connected.ts). */
  connected_since: z.number().int().nullable().default(null),
  /** How many missions it works on at once; null before it told. */
  slots: z.number().int().nullable().default(null),
});
export type ServerFacts = z.infer<typeof facts>;

const unknown: ServerFacts = {
  rev: 0,
  live: false,
  agents: null,
  working_dir: null,
  full: 0,
  connected_since: null,
  slots: null,
};

const read = remembered<ServerFacts>('meta');

export const serverFacts = (sql: SqlStorage): ServerFacts =>
  read.get(sql, 'server', () => {
    const text = getMeta(sql, 'server');
    return text === null ? unknown : facts.parse(JSON.parse(text));
  });

/** Changes what is known of the server; nothing is written where it is known. Call it inside a transaction. */
export const changeFacts = (sql: SqlStorage, changed: Partial<Omit<ServerFacts, 'rev'>>): void => {
  const before = serverFacts(sql);
  const after = { ...before, ...changed };
  if (JSON.stringify(after) !== JSON.stringify(before)) writeFacts(sql, after);
};

/** Agents that a server does not know yet leave the last report standing. */
export const changeCapabilities = (
  sql: SqlStorage,
  { agents, working_dir }: { agents: string[] | null; working_dir: string },
): void => changeFacts(sql, { ...(agents === null ? {} : { agents }), working_dir, slots: slotsOf(sql) });

/** D1 is told again, and asked whether it still has all missions: it may have been replaced by an older copy. */
export const checkDirectory = (sql: SqlStorage): void => want(sql, 'server', '', serverFacts(sql).rev);

/** D1 is told everything again: it lost something, or the log is another one. Call it inside a transaction. */
export const rebuildDirectory = (sql: SqlStorage): void => {
  writeFacts(sql, serverFacts(sql));
  want(sql, 'rebuild', '', 1);
};

const writeFacts = (sql: SqlStorage, next: ServerFacts): void => {
  const rev = next.rev + 1;
  setMeta(sql, 'server', JSON.stringify({ ...next, rev }));
  want(sql, 'server', '', rev);
};
