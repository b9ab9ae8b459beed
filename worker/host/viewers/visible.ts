import type { LogRow } from '../log/log.ts';
import { getMission, type Mission } from '../missions/missions.ts';
import { maySee, maySeeUnowned, type ViewerState } from './audience.ts';

/** Which missions a viewer is shown: those of its owner, and nothing of one that was deleted. */
export class Visible {
  readonly #sql: SqlStorage;
  /** Owners of missions, null of deleted ones; read once per mission and not once per token. */
  readonly #owners = new Map<string, string | null>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** What the cache has to know of a row that was written: an owner never changes, but what is deleted does. */
  remember({ event, mission }: LogRow): void {
    if (mission !== null && (event.type === 'mission.deleted' || event.type === 'mission.restored'))
      this.#owners.delete(mission);
  }

  /** Whose mission it is; null of one that was deleted or is not here. */
  ownerOf(id: string): string | null {
    const known = this.#owners.get(id);
    const mission = known === undefined ? getMission(this.#sql, id) : null;
    const owner = known ?? (mission?.deleted_at === null ? mission.owner : null);
    // One that is not known yet may be opened by the next row.
    if (known === undefined && mission !== null) this.#owners.set(id, owner);
    return owner;
  }

  /** Whether a viewer is shown something of this mission. */
  mission(state: ViewerState, id: string): boolean {
    const owner = this.ownerOf(id);
    return owner !== null && maySee(state, { id, owner });
  }

  /** Whether a viewer is shown a row of the log: of a deleted mission only that it was deleted. */
  row(state: ViewerState, row: LogRow): boolean {
    if (row.mission === null) return maySeeUnowned(state, row.event);
    if (row.event.type !== 'mission.deleted') return this.mission(state, row.mission);
    const mission = getMission(this.#sql, row.mission);
    return mission !== null && maySee(state, mission);
  }
}

/** The same of a row that was just written, with its mission. */
export const isShownLive = (state: ViewerState, row: LogRow, mission: Mission | null): boolean => {
  if (row.mission === null) return maySeeUnowned(state, row.event);
  return (
    mission !== null && maySee(state, mission) && (mission.deleted_at === null || row.event.type === 'mission.deleted')
  );
};
