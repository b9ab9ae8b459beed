import { and, eq, isNull } from 'drizzle-orm';
import { type MissionId, missionId } from '../../shared/ids.ts';
import type { Directory } from './directory.ts';
import { currentMissions, missions } from './schema.ts';

/**
 * The current mission of a user whose account was never told one: an older version kept it here. Null also where it is
 * gone.
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
