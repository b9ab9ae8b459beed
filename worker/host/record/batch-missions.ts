import { getMission, type Mission, saveMission } from '../missions/missions.ts';

export type BatchMissions = ReturnType<typeof batchMissions>;

/**
 * The missions of one batch, inside its transaction: each is read once and saved once, however many of its rows there
 * are, because every reading is time and every row written is billed.
 */
export const batchMissions = (sql: SqlStorage) => {
  const changed = new Map<string, { before: Mission; after: Mission }>();
  return {
    /**
     * The mission after the rows of this batch so far. A mission that is only read is not cached, because the row for
     * which it was read may be rolled back.
     */
    get: (id: string): Mission | null => changed.get(id)?.after ?? getMission(sql, id),
    set: (before: Mission, after: Mission): void => {
      changed.set(after.id, { before: changed.get(after.id)?.before ?? before, after });
    },
    save: (): void => {
      for (const { before, after } of changed.values()) saveMission(sql, before, after);
    },
  };
};
