/**
 * Tables of the host-agent's store. Entry k brings a store from version k to k + 1 (`PRAGMA user_version`); entries
 * that shipped are never edited. Runs are numbered by `position`, so that "older runs first" is an index order.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE identity (one INTEGER PRIMARY KEY CHECK (one = 1), host TEXT NOT NULL) STRICT;
  CREATE TABLE edge (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    welcomed_run TEXT, log TEXT, segment TEXT, acked_run TEXT, acked_n INTEGER
  ) STRICT;
  INSERT INTO edge (one) VALUES (1);

  CREATE TABLE runs (
    position INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, head INTEGER NOT NULL DEFAULT 0, acked INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE outbox (
    run INTEGER NOT NULL, n INTEGER NOT NULL, bytes INTEGER NOT NULL, at INTEGER NOT NULL, item TEXT NOT NULL,
    PRIMARY KEY (run, n)
  ) STRICT;

  CREATE TABLE inbox (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, mission TEXT NOT NULL,
    received INTEGER NOT NULL, cancelled INTEGER NOT NULL, body TEXT, end_run INTEGER, end_n INTEGER
  ) STRICT;
  CREATE INDEX inbox_open ON inbox (position) WHERE end_run IS NULL;
  CREATE INDEX inbox_ended ON inbox (end_run, end_n) WHERE end_run IS NOT NULL;

  CREATE TABLE turns (
    turn TEXT PRIMARY KEY, command TEXT NOT NULL, mission TEXT NOT NULL, session TEXT NOT NULL, directory TEXT NOT NULL,
    instance TEXT NOT NULL, started_at INTEGER NOT NULL, accepted_at INTEGER, resends INTEGER NOT NULL, ended_at INTEGER
  ) STRICT;
  CREATE INDEX turns_live ON turns (started_at) WHERE ended_at IS NULL;
  CREATE INDEX turns_command ON turns (command);

  CREATE TABLE missions (
    mission TEXT PRIMARY KEY, session TEXT NOT NULL, directory TEXT NOT NULL, source TEXT NOT NULL
  ) STRICT;
  CREATE TABLE opened (mission TEXT PRIMARY KEY) STRICT;

  CREATE TABLE sources (position INTEGER PRIMARY KEY, source TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE upstream (
    source TEXT NOT NULL, session TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (source, session)
  ) STRICT;
  `,
  'CREATE TABLE notes (id TEXT PRIMARY KEY) STRICT;',
  'ALTER TABLE edge ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;',
  `
  CREATE TABLE requests (
    request TEXT PRIMARY KEY, mission TEXT NOT NULL, turn TEXT NOT NULL, directory TEXT NOT NULL, instance TEXT NOT NULL,
    kind TEXT NOT NULL, outcome TEXT, attempt TEXT
  ) STRICT;
  CREATE INDEX requests_of_turn ON requests (turn);
  `,
  `
  CREATE INDEX turns_of_mission ON turns (mission);
  CREATE INDEX requests_of_mission ON requests (mission);
  CREATE INDEX upstream_session ON upstream (session);
  `,
  'CREATE TABLE prepared (mission TEXT PRIMARY KEY) STRICT;',
];
