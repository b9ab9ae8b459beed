import type { HostContext } from '../context.ts';
import { getMission } from '../missions/missions.ts';

/** Whose a mission is that turned out to be another server's: no user has this id. */
const nobody = '';

/**
 * Takes missions from their viewers that D1 knows on another server: nobody sees them here any more, and no end is told
 * of them, since the mission itself goes on where it is. Call it inside a transaction.
 */
export const disown = ({ sql, now }: HostContext, ids: readonly string[]): void => {
  for (const id of ids) {
    if (getMission(sql, id) === null) continue;
    sql.exec(
      'UPDATE missions SET owner = ?, turn = NULL, deleted_at = coalesce(deleted_at, ?) WHERE id = ?',
      nobody,
      now(),
      id,
    );
    sql.exec("UPDATE commands SET state = 'removed' WHERE mission = ? AND state = 'kept'", id);
  }
};
