import type { HostContext } from '../context.ts';
import { getMission } from '../missions/missions.ts';
import { nobody } from '../missions/nobody.ts';
import { noteLeft } from './accounts.ts';

/**
 * Whether the edge made this mission here, which the log says and no host can. Then it is this server's, whatever D1
 * says: one that had lost the mission was told of it by another server first.
 */
export const isMadeHere = (sql: SqlStorage, id: string): boolean =>
  sql
    .exec(
      `SELECT 1 FROM log INDEXED BY log_unshown
         WHERE mission = ? AND sequence IS NULL AND type <> 'part.checkpoint' AND type = 'mission.created'`,
      id,
    )
    .toArray().length > 0;

/**
 * Takes missions from their viewers that the host has no right to: nobody sees them here any more, and no end is told
 * of them, since one that is another server's goes on where it is. Out: those that were not taken before. Call it
 * inside a transaction.
 */
export const disown = ({ sql, now }: HostContext, ids: readonly string[]): string[] => {
  const taken: string[] = [];
  for (const id of ids) {
    const mission = getMission(sql, id);
    if (mission === null || mission.owner === nobody) continue;
    sql.exec(
      'UPDATE missions SET owner = ?, turn = NULL, deleted_at = coalesce(deleted_at, ?) WHERE id = ?',
      nobody,
      now(),
      id,
    );
    // It is counted as nobody's from here on, as its row says.
    sql.exec(
      'UPDATE usage SET missions = missions - 1, log_bytes = log_bytes - ? WHERE owner = ?',
      bytesOf(sql, id),
      mission.owner,
    );
    noteLeft(sql, mission.owner);
    sql.exec("UPDATE commands SET state = 'removed' WHERE mission = ? AND state = 'kept'", id);
    taken.push(id);
  }
  return taken;
};

const bytesOf = (sql: SqlStorage, id: string): number =>
  sql.exec<{ bytes: number }>('SELECT log_bytes AS bytes FROM missions WHERE id = ?', id).one().bytes;
