/**
 * What a server's object keeps up to date in D1: its missions, for lists, and what is known of the server
 * (protocol §7).
 */
import { and, eq, ne, type SQL, sql } from 'drizzle-orm';
import type { Directory } from './directory.ts';
import { hosts, missions } from './schema.ts';

export type MissionRow = typeof missions.$inferSelect;

/**
 * Writes missions. A row is replaced only by a higher rev of the same log or by the log in force, so a late or repeated
 * write of an old state changes nothing.
 */
export const writeMissions = async (db: Directory, rows: readonly MissionRow[]): Promise<void> => {
  const [first, ...others] = rows.map((row) => upsert(db, row));
  if (first) await db.batch([first, ...others]);
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
  log: given(row.log, 'log'),
  rev: given(row.rev, 'rev'),
});

const given = <T>(value: T, column: string): SQL.Aliased<T> => sql<T>`${value}`.as(column);

/**
 * How many missions of this log there are, and the sum of their revs: less than was projected means an older copy of
 * D1.
 */
export const projectedTotals = async (
  db: Directory,
  host: string,
  log: string,
): Promise<{ n: number; revs: number } | undefined> =>
  db
    .select({ n: sql<number>`count(*)`, revs: sql<number>`coalesce(sum(${missions.rev}), 0)` })
    .from(missions)
    .where(and(eq(missions.host, host), eq(missions.log, log)))
    .get();

/** Names the log in force; nothing is written where it is named already. */
export const announceLog = async (db: Directory, host: string, log: string): Promise<void> => {
  const isOther = sql`${hosts.log} IS NOT ${log}`;
  await db
    .update(hosts)
    .set({ log })
    .where(and(eq(hosts.id, host), isOther));
};

/** Marks the server as possibly alive, before its first command goes out, or as quiet (protocol §7). */
export const setLive = async (db: Directory, host: string, live: boolean): Promise<void> => {
  await db
    .update(hosts)
    .set({ live })
    .where(and(eq(hosts.id, host), ne(hosts.live, live)));
};

/** What a server said of itself; agents it does not know yet leave the last report standing. */
export const setCapabilities = async (
  db: Directory,
  host: string,
  { agents, working_dir }: { agents: string[] | null; working_dir: string },
): Promise<void> => {
  const known = agents === null ? {} : { agents };
  await db
    .update(hosts)
    .set({ ...known, workingDir: working_dir })
    .where(eq(hosts.id, host));
};

/**
 * One of these missions that the D1 directory knows as another server's, or null. One query, since a batch may open
 * thousands.
 */
export const foreignMission = async (db: Directory, host: string, ids: string[]): Promise<string | null> => {
  // As one value: D1 takes a hundred parameters at the most.
  const isNamed = sql`${missions.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const foreign = and(ne(missions.host, host), isNamed);
  return (await db.select({ id: missions.id }).from(missions).where(foreign).limit(1).get())?.id ?? null;
};
