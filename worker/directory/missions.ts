import { and, desc, eq, getTableColumns, gt, gte, isNull, lt, or, type Placeholder, sql } from 'drizzle-orm';
import { type MissionJson, timestamp } from '../../shared/api.ts';
import { missionStatus } from '../../shared/events.ts';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import { isResumable } from '../../shared/reducer.ts';
import { ask, builtOnce } from './built-once.ts';
import type { Directory } from './directory.ts';
import { enrolledHosts, type HostRow } from './hosts.ts';
import { missions, missionTotals } from './schema.ts';

const isOwned = (owner: string | Placeholder) => and(eq(missions.owner, owner), isNull(missions.deletedAt));

/** What lists show of a mission. */
const { id, status, title, workspace, agent, model, history, createdAt, updatedAt, interruptedAt, deletedAt } =
  getTableColumns(missions);
const listed = { id, status, title, workspace, agent, model, history, createdAt, updatedAt, interruptedAt, deletedAt };

/** A part of a list of missions, how long all of it is, and the servers, by which clients name workspaces. */
interface ListedMissions {
  list: MissionJson[];
  total: number;
  hosts: HostRow[];
}

/** Of missions that changed in the same millisecond each is on one page. */
const pageOfMissions = builtOnce((builder) =>
  builder
    .select(listed)
    .from(missions)
    .where(isOwned(sql.placeholder('owner')))
    .orderBy(desc(missions.updatedAt), desc(missions.id))
    .limit(sql.placeholder('limit'))
    .offset(sql.placeholder('offset')),
);

/** Missions of a user, the last changed first, with the shortened history the objects project. */
export const listMissions = async (
  db: Directory,
  owner: string,
  limit: number,
  offset: number,
): Promise<ListedMissions> => {
  const [rows, totals, all] = await ask(
    db,
    pageOfMissions({ owner, limit, offset }),
    totalsByStatus({ owner }),
    enrolledHosts(),
  );
  return { list: rows.map(missionJson), total: totals.reduce((sum, { count }) => sum + count, 0), hosts: all };
};

/** The first condition is that of the index, word for word. */
const isInTrash = and(
  sql`${missions.inTrash} = 1`,
  eq(missions.owner, sql.placeholder('owner')),
  gt(missions.deletedAt, sql.placeholder('after')),
);
const pageOfTrash = builtOnce((builder) =>
  builder
    .select(listed)
    .from(missions)
    .where(isInTrash)
    .orderBy(desc(missions.deletedAt), desc(missions.id))
    .limit(sql.placeholder('limit'))
    .offset(sql.placeholder('offset')),
);
const sizeOfTrash = builtOnce((builder) =>
  builder
    .select({ missions: sql<number>`count(*)`.as('missions') })
    .from(missions)
    .where(isInTrash),
);

/** Deleted missions that the user can still have back, the last deleted first; `keptMs`: how long one is kept. */
export const listTrash = async (
  db: Directory,
  owner: string,
  { limit, offset }: { limit: number; offset: number },
  { keptMs, nowMs }: { keptMs: number; nowMs: number },
): Promise<ListedMissions> => {
  const after = nowMs - keptMs;
  const [rows, [size], all] = await ask(
    db,
    pageOfTrash({ owner, after, limit, offset }),
    sizeOfTrash({ owner, after }),
    enrolledHosts(),
  );
  const deleted = (row: (typeof rows)[number]): MissionJson => ({
    ...missionJson(row),
    ...(row.deletedAt === null
      ? {}
      : { deleted_at: timestamp(row.deletedAt), purged_at: timestamp(row.deletedAt + keptMs) }),
  });
  return { list: rows.map(deleted), total: size?.missions ?? 0, hosts: all };
};

/** The server of a mission of this user, also of a deleted one; null as below. */
export const hostOfAnyMission = async (db: Directory, owner: string, id: MissionId): Promise<string | null> =>
  (
    await db
      .select({ host: missions.host })
      .from(missions)
      .where(and(eq(missions.id, id), eq(missions.owner, owner)))
      .get()
  )?.host ?? null;

/** The server that holds a mission of this user, or null: the same answer for none and for another user's. */
export const hostOfMission = async (db: Directory, owner: string, id: MissionId): Promise<string | null> =>
  (
    await db
      .select({ host: missions.host })
      .from(missions)
      .where(and(eq(missions.id, id), isOwned(owner)))
      .get()
  )?.host ?? null;

/** The mission of this user on that server which changed last, or null. */
export const newestMissionOn = async (db: Directory, owner: string, host: string): Promise<string | null> =>
  (
    await db
      .select({ id: missions.id })
      .from(missions)
      .where(and(isOwned(owner), eq(missions.host, host)))
      .orderBy(desc(missions.updatedAt))
      .limit(1)
      .get()
  )?.id ?? null;

/**
 * Of these names (whole mission ids, or the first 8 digits, which name a mission directory), the missions that the user
 * owns.
 */
export const missionsNamed = async (
  db: Directory,
  owner: string,
  names: readonly string[],
): Promise<{ id: string; host: string }[]> => {
  if (names.length === 0) return [];
  // All ids with this beginning, as a range of the primary key ('g' follows every hex digit), so that no other row is
  // read.
  const same = or(...names.map((name) => and(gte(missions.id, name), lt(missions.id, `${name}g`))));
  return db
    .select({ id: missions.id, host: missions.host })
    .from(missions)
    .where(and(same, isOwned(owner)))
    .all();
};

/** A fresh mission id whose short form is free on that server, since it names the mission directory (protocol §1). */
export const drawMissionId = async (db: Directory, host: string, draw: () => MissionId): Promise<MissionId> => {
  for (;;) {
    const id = draw();
    // A range of the primary key: nothing but the ids in question is read. 'g' follows every hex digit.
    const short = missionShort(id);
    const same = and(gte(missions.id, short), lt(missions.id, `${short}g`), eq(missions.host, host));
    if (!(await db.select({ id: missions.id }).from(missions).where(same).limit(1).get())) return id;
  }
};

const totalsByStatus = builtOnce((builder) =>
  builder
    .select({
      status: missionTotals.status,
      count: sql<number>`sum(${missionTotals.missions})`.as('count'),
      costNano: sql<number>`sum(${missionTotals.costNano})`.as('cost_nano'),
    })
    .from(missionTotals)
    .where(eq(missionTotals.owner, sql.placeholder('owner')))
    .groupBy(missionTotals.status),
);

/** Missions and their cost by status. */
export const totalsOf = async (
  db: Directory,
  owner: string,
): Promise<{ status: string; count: number; costUsd: number }[]> => {
  const [totals] = await ask(db, totalsByStatus({ owner }));
  return totals.map(({ costNano, ...total }) => ({ ...total, costUsd: costNano / 1e9 }));
};

const missionJson = (row: Pick<typeof missions.$inferSelect, keyof typeof listed>): MissionJson => {
  const status = missionStatus.parse(row.status);
  return {
    id: row.id,
    status,
    title: row.title,
    workspace_id: row.workspace,
    ...(row.agent === null ? {} : { agent: row.agent }),
    ...(row.model === null ? {} : { model_override: row.model }),
    history: row.history,
    created_at: timestamp(row.createdAt),
    updated_at: timestamp(row.updatedAt),
    ...(row.interruptedAt === null ? {} : { interrupted_at: timestamp(row.interruptedAt) }),
    resumable: isResumable(status),
  };
};

/** Of these missions, those that D1 has known on this server since before the given time (milliseconds). */
export const olderMissions = async (
  db: Directory,
  host: string,
  given: readonly { id: string; created_at: number }[],
): Promise<string[]> => {
  const those = sql`${missions.id} IN (SELECT value FROM json_each(${JSON.stringify(given.map(({ id }) => id))}))`;
  const rows = await db
    .select({ id: missions.id, createdAt: missions.createdAt })
    .from(missions)
    .where(and(those, eq(missions.host, host)))
    .all();
  const known = new Map(rows.map(({ id, createdAt }) => [id, createdAt]));
  return given.filter(({ id, created_at }) => (known.get(id) ?? created_at) < created_at).map(({ id }) => id);
};
