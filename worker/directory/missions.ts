import { and, desc, eq, gt, gte, isNull, lt, or, sql } from 'drizzle-orm';
import { type MissionJson, timestamp } from '../../shared/api.ts';
import { missionStatus } from '../../shared/events.ts';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import { isResumable } from '../../shared/reducer.ts';
import type { Directory } from './directory.ts';
import { missions, missionTotals } from './schema.ts';

const isOwned = (owner: string) => and(eq(missions.owner, owner), isNull(missions.deletedAt));

/**
 * Missions of a user, the last changed first, with the shortened history the objects project; `total` is how many there
 * are.
 */
export const listMissions = async (
  db: Directory,
  owner: string,
  limit: number,
  offset: number,
): Promise<{ list: MissionJson[]; total: number }> => {
  const rows = await db
    .select()
    .from(missions)
    .where(isOwned(owner))
    // Of missions that changed in the same millisecond each is on one page.
    .orderBy(desc(missions.updatedAt), desc(missions.id))
    .limit(limit)
    .offset(offset);
  // Dashboards ask every few seconds, and most of them see the end: then nothing is counted.
  const isEnd = rows.length < limit && (rows.length > 0 || offset === 0);
  const total = isEnd ? offset + rows.length : await countOf(db, owner);
  return { list: rows.map(missionJson), total };
};

/**
 * Deleted missions that the user can still have back, the last deleted first; `keptMs`: how long one is kept. `total`
 * is how many there are.
 */
export const listTrash = async (
  db: Directory,
  owner: string,
  { limit, offset }: { limit: number; offset: number },
  { keptMs, nowMs }: { keptMs: number; nowMs: number },
): Promise<{ list: MissionJson[]; total: number }> => {
  // The first condition is that of the index, word for word.
  const isKept = and(sql`${missions.inTrash} = 1`, eq(missions.owner, owner), gt(missions.deletedAt, nowMs - keptMs));
  const [rows, total] = await Promise.all([
    db
      .select()
      .from(missions)
      .where(isKept)
      .orderBy(desc(missions.deletedAt), desc(missions.id))
      .limit(limit)
      .offset(offset),
    db.$count(missions, isKept),
  ]);
  const deleted = (row: (typeof rows)[number]): MissionJson => ({
    ...missionJson(row),
    ...(row.deletedAt === null
      ? {}
      : { deleted_at: timestamp(row.deletedAt), purged_at: timestamp(row.deletedAt + keptMs) }),
  });
  return { list: rows.map(deleted), total };
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

/** Missions and their cost by status. */
export const totalsOf = async (
  db: Directory,
  owner: string,
): Promise<{ status: string; count: number; costUsd: number }[]> => {
  // Dashboards ask for it every few seconds: a query that is built and read by drizzle takes as long again as D1
  // itself.
  const rows = await db.all<{ status: string; count: number; costNano: number }>(
    sql`SELECT status, sum(missions) AS count, sum(cost_nano) AS costNano
          FROM ${missionTotals} WHERE owner = ${owner} GROUP BY status`,
  );
  return rows.map(({ status, count, costNano }) => ({ status, count, costUsd: costNano / 1e9 }));
};

const countOf = async (db: Directory, owner: string): Promise<number> =>
  (await totalsOf(db, owner)).reduce((sum, { count }) => sum + count, 0);

const missionJson = (row: typeof missions.$inferSelect): MissionJson => {
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
