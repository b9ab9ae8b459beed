/** SQL of what leaves the log by age or size (tables.ts, retention/). */
export const retentionMigration: readonly string[] = [
  // Up to which `sequence` it has left, and since when the oldest that has not is known to be there; null: nothing
  // can leave.
  'ALTER TABLE missions ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE missions ADD COLUMN aged_at INTEGER',
  'UPDATE missions SET aged_at = created_at WHERE deleted_at IS NULL',
  'CREATE INDEX missions_aged ON missions (aged_at) WHERE deleted_at IS NULL AND aged_at IS NOT NULL',
  `CREATE TRIGGER missions_ageing AFTER UPDATE OF updated_at ON missions WHEN NEW.aged_at IS NULL BEGIN
     UPDATE missions SET aged_at = NEW.updated_at WHERE id = NEW.id;
   END`,
  // Of the server, under no id, and of single missions.
  'CREATE TABLE retentions (mission TEXT PRIMARY KEY, days INTEGER, bytes INTEGER) WITHOUT ROWID',
  `CREATE TRIGGER retention_over AFTER UPDATE OF purge ON missions WHEN new.purge = 2 BEGIN
     DELETE FROM retentions WHERE mission = new.id;
   END`,
  `CREATE TABLE archives (mission TEXT NOT NULL, last INTEGER NOT NULL, first INTEGER NOT NULL, name TEXT NOT NULL,
     PRIMARY KEY (mission, last)) WITHOUT ROWID`,
  // A row a day (log/marks.ts).
  'CREATE TABLE marks (day INTEGER PRIMARY KEY, at INTEGER NOT NULL, seq INTEGER NOT NULL)',
  'CREATE INDEX marks_behind ON marks (seq)',
];
