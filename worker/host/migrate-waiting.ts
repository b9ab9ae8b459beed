/**
 * SQL of the table `waiting` (tables.ts): a row for each mission in which messages wait, with whose it is, the
 * first of them, how many they are and how long. Triggers keep it, so that no change of a command can forget it; each
 * costs a look at one index entry, whatever else waits.
 */
const bytesOf = (text: string): string => `length(CAST(${text} AS BLOB))`;

const leaves = `BEGIN
    UPDATE waiting SET messages = messages - 1, bytes = bytes - ${bytesOf('old.content')},
        first = coalesce((SELECT min(ord) FROM commands WHERE mission = old.mission AND state = 'kept'), first)
      WHERE mission = old.mission;
    DELETE FROM waiting WHERE mission = old.mission AND messages = 0;
  END`;

export const waitingMigration: readonly string[] = [
  'DROP INDEX commands_open',
  "CREATE INDEX commands_kept ON commands (mission, ord) WHERE state = 'kept'",
  `CREATE INDEX commands_flight ON commands (mission, ord)
     WHERE state IN ('sent', 'received', 'accepted', 'running')`,
  `CREATE INDEX commands_wished ON commands (ord)
     WHERE cancel = 1 AND host_ended = 0 AND state <> 'removed'`,
  `CREATE TABLE waiting (mission TEXT PRIMARY KEY, owner TEXT NOT NULL, first INTEGER NOT NULL,
     messages INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID`,
  'CREATE INDEX waiting_owner ON waiting (owner, first)',
  `INSERT INTO waiting (mission, owner, first, messages, bytes)
     SELECT c.mission, coalesce(m.owner, ''), min(c.ord), count(*), sum(${bytesOf('c.content')})
       FROM commands c LEFT JOIN missions m ON m.id = c.mission WHERE c.state = 'kept' GROUP BY c.mission`,
  `CREATE TRIGGER message_waits AFTER INSERT ON commands WHEN new.state = 'kept' BEGIN
     INSERT INTO waiting (mission, owner, first, messages, bytes)
       VALUES (new.mission, coalesce((SELECT owner FROM missions WHERE id = new.mission), ''), new.ord, 1,
         ${bytesOf('new.content')})
       ON CONFLICT (mission) DO UPDATE SET messages = messages + 1, bytes = bytes + excluded.bytes;
   END`,
  `CREATE TRIGGER message_edited AFTER UPDATE OF content ON commands
     WHEN old.state = 'kept' AND new.state = 'kept' BEGIN
     UPDATE waiting SET bytes = bytes + ${bytesOf('new.content')} - ${bytesOf('old.content')}
       WHERE mission = new.mission;
   END`,
  `CREATE TRIGGER message_goes AFTER UPDATE OF state ON commands WHEN old.state = 'kept' AND new.state <> 'kept' ${leaves}`,
  `CREATE TRIGGER message_vanishes AFTER DELETE ON commands WHEN old.state = 'kept' ${leaves}`,
  // Who was served last, without a look at everybody who ever was.
  'CREATE INDEX served_round ON served (round)',
];

/**
 * As much of a waiting message as lists show, in characters. The index has it, and is never made with another number.
 */
export const shownChars = 200;

/** SQL of an index that has all that a list shows: what else there is of a message lies behind its text on the disk. */
export const shownWaitingMigration: readonly string[] = [
  'DROP INDEX commands_kept',
  `CREATE INDEX commands_kept ON commands (mission, ord, id, agent, substr(content, 1, ${shownChars}))
     WHERE state = 'kept'`,
];
