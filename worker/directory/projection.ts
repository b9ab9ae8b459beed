/**
 * What a server's object keeps up to date in D1: its missions, for lists, and what is known of the server
 * (protocol §7).
 */
import { and, eq, lt, ne, or, type SQL, sql } from 'drizzle-orm';
import type { Directory } from './directory.ts';
import { hosts, missions } from './schema.ts';

export type MissionRow = typeof missions.$inferSelect;

/** What a server's object says of the server, at a revision of its own. Null: not known, what stands there stays. */
export interface ServerRow {
  id: string;
  log: string;
  rev: number;
  live: boolean;
  agents: string[] | null;
  workingDir: string | null;
  full: number;
  /** Null: it is not connected. */
  connectedSince: number | null;
  slots: number | null;
}

/** What D1 had of a server before it was told: `slice` counts the slices that it was told of this log. */
export interface ToldBefore {
  log: string | null;
  slice: number;
  /** Of the missions told, those that it knows on another server: they are left as they are. */
  foreign: string[];
}

/**
 * Tells D1 of a server and a slice of its missions, in one transaction. The server's row is replaced only by a newer
 * revision or another log, a mission's only by a higher revision or by the log in force: a write that is late, repeated
 * or had no answer changes nothing. Out: what D1 had before; null where it does not know the server, which writes
 * nothing.
 */
export const tellDirectory = async (
  db: Directory,
  server: ServerRow,
  slice: number,
  rows: readonly MissionRow[],
): Promise<ToldBefore | null> => {
  const { id, log, rev, live, agents, workingDir, full, connectedSince, slots } = server;
  const isThis = eq(hosts.id, id);
  const isOtherLog = sql`${hosts.log} IS NOT ${log}`;
  const before = db.select({ log: hosts.log, slice: hosts.slice }).from(hosts).where(isThis);
  const known = {
    ...(agents === null ? {} : { agents }),
    ...(workingDir === null ? {} : { workingDir }),
    ...(slots === null ? {} : { slots }),
  };
  const told = db
    .update(hosts)
    .set({ log, rev, live, full, connectedSince, ...known })
    .where(and(isThis, or(isOtherLog, lt(hosts.rev, rev))));
  const counted = db
    .update(hosts)
    .set({ slice })
    .where(and(isThis, or(isOtherLog, lt(hosts.slice, slice))));
  // Counted first, while the log that it was counted under still stands there.
  const ids = JSON.stringify(rows.map((row) => row.id));
  const isElsewhere = and(ne(missions.host, id), sql`${missions.id} IN (SELECT value FROM json_each(${ids}))`);
  const elsewhere = db.select({ id: missions.id }).from(missions).where(isElsewhere);
  const [found, foreign] = await db.batch([before, elsewhere, counted, told, ...rows.map((row) => upsert(db, row))]);
  return found[0] ? { ...found[0], foreign: foreign.map((row) => row.id) } : null;
};

/** Takes rows away from servers that are not theirs, so that the one which they are of can tell them. */
export const takeBack = async (db: Directory, host: string, ids: readonly string[]): Promise<void> => {
  const those = sql`${missions.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  await db.delete(missions).where(and(ne(missions.host, host), those));
};

/** Whether D1 takes writes at all. Throws what it throws. */
export const tryDirectory = async (db: Directory, host: string): Promise<void> => {
  await db
    .update(hosts)
    .set({ slice: sql`${hosts.slice}` })
    .where(eq(hosts.id, host));
};

const upsert = (db: Directory, row: MissionRow) =>
  db
    .insert(missions)
    // A select of one row or none, since only an insert from one can have a condition: the log must be the one in
    // force.
    .select(
      db
        .select(valuesOf(row))
        .from(hosts)
        .where(and(eq(hosts.id, row.host), eq(hosts.log, row.log))),
    )
    .onConflictDoUpdate({
      target: missions.id,
      set: {
        status: sql`excluded.status`,
        title: sql`excluded.title`,
        costUsd: sql`excluded.cost_usd`,
        history: sql`excluded.history`,
        updatedAt: sql`excluded.updated_at`,
        interruptedAt: sql`excluded.interrupted_at`,
        deletedAt: sql`excluded.deleted_at`,
        inTrash: sql`excluded.in_trash`,
        log: sql`excluded.log`,
        rev: sql`excluded.rev`,
      },
      setWhere: sql`${missions.host} = excluded.host AND (${missions.log} <> excluded.log OR ${missions.rev} < excluded.rev)`,
    });

const valuesOf = (row: MissionRow) => ({
  id: given(row.id, 'id'),
  host: given(row.host, 'host'),
  owner: given(row.owner, 'owner'),
  status: given(row.status, 'status'),
  title: given(row.title, 'title'),
  workspace: given(row.workspace, 'workspace'),
  agent: given(row.agent, 'agent'),
  model: given(row.model, 'model'),
  costUsd: given(row.costUsd, 'cost_usd'),
  history: sql<MissionRow['history']>`${JSON.stringify(row.history)}`.as('history'),
  createdAt: given(row.createdAt, 'created_at'),
  updatedAt: given(row.updatedAt, 'updated_at'),
  interruptedAt: given(row.interruptedAt, 'interrupted_at'),
  deletedAt: given(row.deletedAt, 'deleted_at'),
  inTrash: given(row.inTrash, 'in_trash'),
  log: given(row.log, 'log'),
  rev: given(row.rev, 'rev'),
});

const given = <T>(value: T, column: string): SQL.Aliased<T> => sql<T>`${value}`.as(column);
