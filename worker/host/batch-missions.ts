import { getMission, type Mission, saveMission } from './missions.ts';

export type BatchMissions = ReturnType<typeof batchMissions>;

/**
 * The missions of one batch, inside its transaction: each is read once and saved once, however many of its rows there are,
 * because every reading is time and every row written is billed.
 */
export const batchMissions = (sql: SqlStorage) => {
  const changed = new Map<string, { before: Mission; after: Mission }>();
  return {
    /** As the rows so far have left it. Nothing is remembered of what is only read: its row may be taken back. */
    get: (id: string): Mission | null => changed.get(id)?.after ?? getMission(sql, id),
    set: (before: Mission, after: Mission): void => {
      changed.set(after.id, { before: changed.get(after.id)?.before ?? before, after });
    },
    save: (): void => {
      for (const { before, after } of changed.values()) saveMission(sql, before, after);
    },
  };
};
