import { bringUp, type Migrations } from '../versioned.ts';

export const migrations: Migrations = [
  [
    'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
    // Where something of the user is. `rev` counts within one `log` of that server.
    'CREATE TABLE servers (host TEXT PRIMARY KEY, log TEXT NOT NULL, rev INTEGER NOT NULL, live INTEGER NOT NULL) WITHOUT ROWID',
    // Logins that were ended before their time; a row is of no use once the login had expired anyway.
    'CREATE TABLE ended_logins (login TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID',
    'CREATE INDEX ended_logins_expired ON ended_logins (expires_at)',
  ],
  [
    // Where missions of the user are, in the order of their first use: the newest are kept (missions.ts).
    'CREATE TABLE places (mission TEXT PRIMARY KEY, host TEXT NOT NULL, ord INTEGER NOT NULL) WITHOUT ROWID',
    'CREATE UNIQUE INDEX places_ord ON places (ord)',
  ],
  [
    // Where streams stood on their servers, for the short ids of their events (positions.ts).
    `CREATE TABLE positions (ord INTEGER PRIMARY KEY, handle TEXT NOT NULL UNIQUE, used_at INTEGER NOT NULL,
       positions TEXT NOT NULL)`,
    'CREATE INDEX positions_used ON positions (used_at, ord)',
    // In the order in which they became the user's; a server that was removed from the edge keeps its history.
    'ALTER TABLE servers ADD COLUMN ord INTEGER NOT NULL DEFAULT 0',
    'ALTER TABLE servers ADD COLUMN removed INTEGER NOT NULL DEFAULT 0',
    "ALTER TABLE servers ADD COLUMN since TEXT NOT NULL DEFAULT 'start'",
  ],
  [
    // Requests by the keys that clients gave them (reserved.ts).
    `CREATE TABLE reserved (ord INTEGER PRIMARY KEY, route TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
       body_sha256 TEXT NOT NULL, ids TEXT NOT NULL, UNIQUE (route, key))`,
    'CREATE INDEX reserved_at ON reserved (at)',
    // Nothing of the user is left there; the row stays for its revision, so that what is told late changes nothing.
    'ALTER TABLE servers ADD COLUMN gone INTEGER NOT NULL DEFAULT 0',
  ],
  [
    // Of an admin: how far in the log of that server the newest row is that is of no mission; empty: there is none.
    "ALTER TABLE servers ADD COLUMN news TEXT NOT NULL DEFAULT ''",
  ],
];

/** Brings the tables of an `Account` object to this version. */
export const migrate = (sql: SqlStorage): void => bringUp(sql, migrations);
