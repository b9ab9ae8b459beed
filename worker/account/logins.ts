import type { Login } from '../principal.ts';
import { getMeta, setMeta } from '../versioned.ts';

/**
 * What all logins of the user have in common that are good now: ending them all draws another. It is random, so that an
 * object whose tables were lost ends the logins from before rather than forgetting which of them had ended.
 */
export const generationOf = (sql: SqlStorage): string => getMeta(sql, 'generation') ?? newGeneration(sql);

const newGeneration = (sql: SqlStorage): string => {
  const drawn = crypto.randomUUID();
  setMeta(sql, 'generation', drawn);
  return drawn;
};

/** Whether nobody has ended this login. Whether it has expired is not asked here: its token says so. */
export const isKept = (sql: SqlStorage, { id, generation }: Pick<Login, 'id' | 'generation'>): boolean =>
  generation === generationOf(sql) && sql.exec('SELECT 1 FROM ended_logins WHERE login = ?', id).toArray().length === 0;

/** Ends one login, and forgets those that have expired since they were ended. */
export const endLogin = (sql: SqlStorage, { id, endsAtMs }: Pick<Login, 'id' | 'endsAtMs'>, now: number): void => {
  sql.exec('DELETE FROM ended_logins WHERE expires_at < ?', now);
  sql.exec('INSERT INTO ended_logins (login, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING', id, endsAtMs);
};

/** Ends every login there is; those of another generation need no rows. */
export const endLogins = (sql: SqlStorage): void => {
  newGeneration(sql);
  sql.exec('DELETE FROM ended_logins');
};
