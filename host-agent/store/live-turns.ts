import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { integer } from './columns.ts';

/** A host-agent that writes is done with it sooner. */
const busyMs = 5_000;

/**
 * Turns without an end in the store at `path`, read beside a host-agent that may be running; 0 when there is no store
 * yet.
 */
export const countLiveTurns = (path: string): number => {
  if (!existsSync(path)) return 0;
  const db = new DatabaseSync(path, { readOnly: true, timeout: busyMs });
  try {
    const row = db.prepare('SELECT count(*) AS live FROM turns WHERE ended_at IS NULL').get();
    return row ? integer(row, 'live') : 0;
  } finally {
    db.close();
  }
};
