import { and, eq, isNull } from 'drizzle-orm';
import { type MissionId, missionId } from '../../shared/ids.ts';
import type { Directory } from './directory.ts';
import { currentMissions, missions } from './schema.ts';

/** The mission that messages without a target go to (contract §5.11). One row per user, the last writer wins. */
export const currentMission = async (db: Directory, owner: string): Promise<MissionId | null> => {
  const row = await db.select().from(currentMissions).where(eq(currentMissions.owner, owner)).get();
  return row ? missionId.parse(row.mission) : null;
};

/**
 * The same with the server that holds it; null also where the mission is gone. One query: dashboards ask every few
 * seconds.
 */
export const currentMissionHost = async (
  db: Directory,
  owner: string,
): Promise<{ mission: MissionId; host: string } | null> => {
  const isTheirs = and(eq(missions.id, currentMissions.mission), eq(missions.owner, owner), isNull(missions.deletedAt));
  const row = await db
    .select({ mission: currentMissions.mission, host: missions.host })
    .from(currentMissions)
    .innerJoin(missions, isTheirs)
    .where(eq(currentMissions.owner, owner))
    .get();
  return row ? { mission: missionId.parse(row.mission), host: row.host } : null;
};

export const setCurrentMission = async (db: Directory, owner: string, mission: MissionId): Promise<void> => {
  await db
    .insert(currentMissions)
    .values({ owner, mission })
    .onConflictDoUpdate({ target: currentMissions.owner, set: { mission } });
};

/** Forgets the pointer if it names one of these missions, which are gone (contract §5.10). */
export const forgetCurrentMission = async (db: Directory, owner: string, gone: readonly string[]): Promise<void> => {
  if (gone.length === 0) return;
  const pointer = await currentMission(db, owner);
  if (pointer === null || !gone.includes(pointer)) return;
  await db.delete(currentMissions).where(and(eq(currentMissions.owner, owner), eq(currentMissions.mission, pointer)));
};
