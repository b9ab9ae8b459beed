import { bringUp, type Migrations } from '../versioned.ts';
import { positionMigration } from './migrate-positions.ts';
import { retentionMigration } from './migrate-retention.ts';
import { numberingMigration } from './migrate-sequences.ts';
import { usageMigration } from './migrate-usage.ts';
import { shownWaitingMigration, waitingMigration } from './migrate-waiting.ts';
import { beginRemembering } from './remembered.ts';

export { getMeta, setMeta } from './meta.ts';

const wantMission = (name: string, when: string): string => `CREATE TRIGGER ${name} AFTER ${when} BEGIN
  INSERT INTO effects (kind, key, rev) VALUES ('mission', NEW.id, NEW.rev)
    ON CONFLICT (kind, key) DO UPDATE SET rev = excluded.rev;
END`;

/**
 * The object's own tables. Plain SQL: drizzle stays with D1, where a schema is shared; here every row written is the
 * bill, so tables are cut by how often they change. `meta.schema` carries the version; a step is added below, never
 * edited.
 */
export const migrations: Migrations = [
  [
    'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
    // One row per construction that appended something: makes a rolled-back object recognisable (protocol §1).
    'CREATE TABLE segments (ord INTEGER PRIMARY KEY, segment TEXT NOT NULL, first_seq INTEGER NOT NULL)',
    `CREATE TABLE log (seq INTEGER PRIMARY KEY, mission TEXT, sequence INTEGER, at INTEGER NOT NULL,
       type TEXT NOT NULL, body TEXT NOT NULL)`,
    'CREATE UNIQUE INDEX log_sequence ON log (mission, sequence) WHERE sequence IS NOT NULL',
    `CREATE INDEX log_history ON log (mission, sequence)
       WHERE type IN ('message.kept', 'turn.ended', 'command.finished', 'command.lost')`,
    // `n` of every run is kept for ever: a run's numbers are never used again (protocol §3).
    'CREATE TABLE runs (run TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID',
    `CREATE TABLE sources (source TEXT NOT NULL, session TEXT NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL,
       PRIMARY KEY (source, session)) WITHOUT ROWID`,
    `CREATE TABLE missions (id TEXT PRIMARY KEY, owner TEXT NOT NULL, workspace TEXT NOT NULL, title TEXT, agent TEXT,
       model TEXT, status TEXT NOT NULL, turn TEXT, ended_turn TEXT, next_sequence INTEGER NOT NULL DEFAULT 1,
       cost_usd REAL NOT NULL DEFAULT 0, turn_cost_usd REAL NOT NULL DEFAULT 0, created_at INTEGER NOT NULL,
       updated_at INTEGER NOT NULL, interrupted_at INTEGER, deleted_at INTEGER, rev INTEGER NOT NULL DEFAULT 1,
       projected_rev INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID`,
    `CREATE TABLE commands (ord INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, mission TEXT NOT NULL, state TEXT NOT NULL,
       at INTEGER NOT NULL, content TEXT NOT NULL, agent TEXT, clean INTEGER NOT NULL, queued INTEGER NOT NULL,
       cancel INTEGER NOT NULL DEFAULT 0, host_ended INTEGER NOT NULL DEFAULT 0, turn TEXT)`,
    "CREATE INDEX commands_open ON commands (mission, ord) WHERE state IN ('kept', 'sent', 'received', 'accepted', 'running')",
    // Turns ended at the edge while their server was away; wanted dead until it says that they are (protocol §4).
    'CREATE TABLE ended_turns (turn TEXT PRIMARY KEY) WITHOUT ROWID',
    `CREATE TABLE parts (part TEXT PRIMARY KEY, mission TEXT NOT NULL, turn TEXT NOT NULL, kind TEXT NOT NULL,
       length INTEGER NOT NULL, closed INTEGER NOT NULL) WITHOUT ROWID`,
    'CREATE INDEX parts_open ON parts (mission) WHERE closed = 0',
    'CREATE TABLE chunks (part TEXT NOT NULL, off INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (part, off)) WITHOUT ROWID',
  ],
  [
    // Asked with every frame: what it reads must not grow with the missions that are over.
    'CREATE INDEX missions_running ON missions (id) WHERE turn IS NOT NULL',
    'CREATE INDEX missions_stale ON missions (id) WHERE projected_rev < rev',
    "CREATE INDEX commands_removed ON commands (mission) WHERE state = 'removed'",
  ],
  [
    'ALTER TABLE commands ADD COLUMN edited INTEGER NOT NULL DEFAULT 0',
    'CREATE INDEX commands_edited ON commands (mission) WHERE edited = 1',
    // Few at any time, and asked after every step: those that will be closed as stale.
    "CREATE INDEX missions_open ON missions (id) WHERE status = 'active' AND turn IS NULL AND deleted_at IS NULL",
    // Who got a slot last, in order: only who is not the last one already is written.
    'CREATE TABLE served (owner TEXT PRIMARY KEY, round INTEGER NOT NULL) WITHOUT ROWID',
  ],
  [
    'CREATE TABLE todos (mission TEXT PRIMARY KEY, list TEXT NOT NULL) WITHOUT ROWID',
    'ALTER TABLE parts ADD COLUMN parent_call TEXT',
    // What the agent tree is made of: an entry for each turn's start and end, and for each call of a sub-agent
    // (tree.ts).
    `CREATE INDEX log_tree ON log (mission) WHERE type IN ('turn.started', 'turn.ended')
       OR (type IN ('tool.called', 'tool.result') AND json_extract(body, '$.name') = 'task')`,
  ],
  [
    // What agents wait for people for; `answer` is the first one's command.
    `CREATE TABLE requests (request TEXT PRIMARY KEY, mission TEXT NOT NULL, turn TEXT NOT NULL, kind TEXT NOT NULL,
       tool_call_id TEXT, parent_call TEXT, body TEXT NOT NULL, asked_at INTEGER NOT NULL, answer TEXT, ended TEXT) WITHOUT ROWID`,
    'CREATE INDEX requests_open ON requests (mission) WHERE ended IS NULL',
    "CREATE INDEX requests_called ON requests (tool_call_id) WHERE kind = 'question'",
    `CREATE TABLE answers (ord INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, mission TEXT NOT NULL,
       answered_by TEXT NOT NULL, at INTEGER NOT NULL, args TEXT NOT NULL, received INTEGER NOT NULL DEFAULT 0, ended TEXT)`,
    'CREATE INDEX answers_open ON answers (ord) WHERE ended IS NULL',
    'CREATE INDEX answers_to ON answers (request)',
  ],
  [
    // Where a chunk ends, in UTF-16 units; null in those of before, whose part knows its length.
    'ALTER TABLE chunks ADD COLUMN until INTEGER',
  ],
  [
    // A message has its place where its turn starts, no longer where it was taken in: `turn.started` bears its
    // `sequence` from here on.
    'DROP INDEX commands_removed',
    'DROP INDEX commands_edited',
    'DROP INDEX log_history',
    `CREATE INDEX log_conversation ON log (mission, sequence) WHERE sequence IS NOT NULL
       AND type IN ('message.kept', 'message.placed', 'turn.started', 'turn.ended', 'command.finished', 'command.lost')`,
    // Where its row is in the log; of those that ended nobody asks.
    'ALTER TABLE commands ADD COLUMN seq INTEGER NOT NULL DEFAULT 0',
    ...numberingMigration,
  ],
  [
    // What commits still owe to others, in place of a mark on each mission (effects/effects.ts).
    `CREATE TABLE effects (kind TEXT NOT NULL, key TEXT NOT NULL, rev INTEGER NOT NULL, note TEXT NOT NULL DEFAULT '',
       tries INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, key)) WITHOUT ROWID`,
    "INSERT INTO effects (kind, key, rev) SELECT 'mission', id, rev FROM missions WHERE projected_rev < rev",
    'DROP INDEX missions_stale',
    'ALTER TABLE missions DROP COLUMN projected_rev',
    // No change of what lists show can be forgotten, whoever makes it.
    wantMission('missions_made', 'INSERT ON missions'),
    wantMission('missions_changed', 'UPDATE OF rev ON missions'),
    `INSERT INTO meta (key, value) SELECT 'server', '{"rev":1,"live":' || iif(value = '1', 'true', 'false') ||
       ',"agents":null,"working_dir":null}' FROM meta WHERE key = 'live'`,
    "DELETE FROM meta WHERE key IN ('live', 'announced', 'retry_at')",
  ],
  [
    // How far a deleted mission is purged (missions/trash.ts). Those that an older version deleted are.
    'ALTER TABLE missions ADD COLUMN purge INTEGER NOT NULL DEFAULT 0',
    'UPDATE missions SET purge = 2 WHERE deleted_at IS NOT NULL',
    'CREATE INDEX missions_trash ON missions (deleted_at) WHERE deleted_at IS NOT NULL AND purge < 2',
    // By owner, whose unused ones are looked for.
    'DROP INDEX missions_open',
    "CREATE INDEX missions_open ON missions (owner) WHERE status = 'active' AND turn IS NULL AND deleted_at IS NULL",
    // Every table has its rows by mission, so that deleting one costs what it has. Of the log those with a `sequence`
    // are in an index already, and a checkpoint's row is found by its chunk: there are most of these, and an entry in
    // an index is one more row written.
    "CREATE INDEX log_unshown ON log (mission) WHERE sequence IS NULL AND type <> 'part.checkpoint'",
    'ALTER TABLE chunks ADD COLUMN seq INTEGER',
    `UPDATE chunks SET seq = checkpoint.seq FROM (
       SELECT seq, json_extract(body, '$.part') AS part, json_extract(body, '$.off') AS off
         FROM log WHERE type = 'part.checkpoint') AS checkpoint
       WHERE chunks.part = checkpoint.part AND chunks.off = checkpoint.off`,
    'CREATE INDEX parts_of ON parts (mission)',
    "CREATE INDEX commands_of ON commands (mission) WHERE content <> ''",
    'CREATE INDEX requests_of ON requests (mission)',
    'CREATE INDEX answers_of ON answers (mission)',
  ],
  // What waits and what is on its way are found without a look at the texts, and without one at other people's.
  waitingMigration,
  [
    // What each owner's account is to know (effects/accounts.ts), with its revision.
    'CREATE TABLE accounts (owner TEXT PRIMARY KEY, live INTEGER NOT NULL, rev INTEGER NOT NULL) WITHOUT ROWID',
    'CREATE INDEX accounts_live ON accounts (owner) WHERE live = 1',
    `INSERT INTO accounts (owner, live, rev) SELECT owner, max(turn IS NOT NULL OR id IN (
       SELECT mission FROM commands WHERE state IN ('kept', 'sent', 'received', 'accepted', 'running'))), 1
       FROM missions WHERE deleted_at IS NULL GROUP BY owner`,
    "INSERT INTO effects (kind, key, rev) SELECT 'account', owner, 1 FROM accounts",
  ],
  [
    // Whether somebody has a mission here.
    'CREATE INDEX missions_owner ON missions (owner) WHERE deleted_at IS NULL',
  ],
  // What each owner has of this server, for the quotas.
  usageMigration,
  [
    // What hosts are to do about missions as a whole; a row leaves with its end.
    `CREATE TABLE orders (ord INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, mission TEXT NOT NULL, kind TEXT NOT NULL,
       at INTEGER NOT NULL, workspace TEXT NOT NULL, received INTEGER NOT NULL DEFAULT 0, UNIQUE (mission, kind))`,
    'CREATE INDEX orders_new ON orders (ord) WHERE received = 0',
  ],
  [
    // There is one more with every wake-up that appends, and each cursor that comes asks for one.
    'CREATE INDEX segments_named ON segments (segment)',
    'CREATE INDEX segments_from ON segments (first_seq)',
  ],
  [
    // Nothing up to here is of that owner, or news to them: of those from before, all that there was.
    'ALTER TABLE accounts ADD COLUMN since INTEGER NOT NULL DEFAULT 0',
    'UPDATE accounts SET since = (SELECT coalesce(max(seq), 0) FROM log)',
  ],
  // What leaves by age or size.
  retentionMigration,
  // How far a run has come stands in the newest row of the log that it brought, which is written anyhow.
  positionMigration,
  [
    // The beginning of each conversation as lists show it, as far as it stays as it is (effects/preview.ts).
    'CREATE TABLE previews (mission TEXT PRIMARY KEY, entries TEXT NOT NULL) WITHOUT ROWID',
    // Not of what was purged, nor of what left the log by age or size.
    `CREATE TRIGGER preview_purged AFTER UPDATE OF purge ON missions WHEN new.purge > 0 BEGIN
       DELETE FROM previews WHERE mission = new.id;
     END`,
    `CREATE TRIGGER preview_pruned AFTER UPDATE OF pruned ON missions BEGIN
       DELETE FROM previews WHERE mission = new.id;
     END`,
  ],
  // What streams and lists show of what waits, without a look at the texts.
  shownWaitingMigration,
  [
    // Missions that the host makes ready before their first message, the newest last; one that is not taken is to be.
    'CREATE TABLE prepared (ord INTEGER PRIMARY KEY, mission TEXT NOT NULL UNIQUE, taken INTEGER NOT NULL DEFAULT 0)',
  ],
  [
    // What each owner may hold on the host's disk, which the host is told.
    'CREATE TABLE place_limits (owner TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID',
  ],
];

/** Brings the tables to this version. */
export const migrate = (sql: SqlStorage): void => bringUp(sql, migrations);

/** The same at the start of an object, which remembers what it reads from here on. */
export const openTables = (storage: DurableObjectStorage): void => {
  storage.transactionSync(() => migrate(storage.sql));
  beginRemembering(storage.sql);
};
