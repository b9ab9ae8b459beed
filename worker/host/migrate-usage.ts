/**
 * SQL of the table `usage` (tables.ts): what each owner has of this server, for the quotas. Triggers keep it. The log
 * is counted from here on: to measure what older versions wrote, all of it would have to be read while the object
 * starts.
 */
export const usageMigration: readonly string[] = [
  'ALTER TABLE missions ADD COLUMN log_bytes INTEGER NOT NULL DEFAULT 0',
  `CREATE TABLE usage (owner TEXT PRIMARY KEY, missions INTEGER NOT NULL, log_bytes INTEGER NOT NULL) WITHOUT ROWID`,
  'INSERT INTO usage (owner, missions, log_bytes) SELECT owner, count(*), 0 FROM missions WHERE purge < 2 GROUP BY owner',
  `CREATE TRIGGER mission_counts AFTER INSERT ON missions BEGIN
     INSERT INTO usage (owner, missions, log_bytes) VALUES (new.owner, 1, 0)
       ON CONFLICT (owner) DO UPDATE SET missions = missions + 1;
   END`,
  `CREATE TRIGGER mission_grows AFTER UPDATE OF log_bytes ON missions WHEN new.purge < 2 BEGIN
     UPDATE usage SET log_bytes = log_bytes + new.log_bytes - old.log_bytes WHERE owner = new.owner;
   END`,
  `CREATE TRIGGER mission_purged AFTER UPDATE OF purge ON missions WHEN old.purge < 2 AND new.purge = 2 BEGIN
     UPDATE usage SET missions = missions - 1, log_bytes = log_bytes - old.log_bytes WHERE owner = new.owner;
   END`,
];
