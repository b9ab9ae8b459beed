/**
 * SQL for positions of runs in the log (tables.ts): `run` and `n` of a row say how far its batch came. `runs.seq` is
 * how far the log was when the run's own row was written; what came since is in the rows behind it. A row of the log
 * that is removed leaves its position to the run's own, whoever removes it.
 */
export const positionMigration: readonly string[] = [
  'ALTER TABLE log ADD COLUMN run TEXT',
  'ALTER TABLE log ADD COLUMN n INTEGER',
  'ALTER TABLE runs ADD COLUMN seq INTEGER NOT NULL DEFAULT 0',
  'UPDATE runs SET seq = (SELECT coalesce(max(seq), 0) FROM log)',
  `CREATE TRIGGER position_goes AFTER DELETE ON log WHEN old.run IS NOT NULL BEGIN
     UPDATE runs SET n = old.n WHERE run = old.run AND n < old.n;
   END`,
];
