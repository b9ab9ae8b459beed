import { and, eq } from 'drizzle-orm';
import { type MissionId, missionId } from '../../shared/ids.ts';
import type { Directory } from './directory.ts';
import { currentMissions } from './schema.ts';

/** The mission that messages without a target go to (contract §5.11). One row per user, the last writer wins. */
export const currentMission = async (db: Directory, owner: string): Promise<MissionId | null> => {
  const row = await db.select().from(currentMissions).where(eq(currentMissions.owner, owner)).get();
  return row ? missionId.parse(row.mission) : null;
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
