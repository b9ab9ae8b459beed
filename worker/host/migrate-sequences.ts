/**
 * SQL that numbers the conversations of an older version anew (tables.ts, step 7): there a message had its `sequence`
 * where it was taken in, so that an answer could stand below a question that came later. Now `turn.started` bears it. A
 * message that ended without a turn goes on to bear its own, as there is no room for a row, but stands before what
 * ended it; one that waits or was removed bears none. Only rows whose number changes are written.
 */
const starts = `SELECT json_extract(body, '$.command') AS command, min(seq) AS seq FROM log
  WHERE type = 'turn.started' GROUP BY json_extract(body, '$.command')`;
const ends = `SELECT json_extract(body, '$.command') AS command, min(seq) AS seq FROM log
  WHERE type IN ('command.finished', 'command.lost') AND sequence IS NOT NULL GROUP BY json_extract(body, '$.command')`;

export const numberingMigration: readonly string[] = [
  // `bearer`: the row that bears the message's number from here on. `place`: the row before which it stands.
  `CREATE TABLE moved AS
     SELECT kept.seq AS kept, kept.mission, commands.id AS command, coalesce(start.seq, ending.seq, kept.seq) AS place,
       CASE WHEN start.seq IS NOT NULL THEN start.seq
         WHEN commands.state IN ('kept', 'sent', 'received', 'accepted', 'removed') THEN NULL
         ELSE kept.seq END AS bearer
     FROM log AS kept LEFT JOIN commands ON commands.id = json_extract(kept.body, '$.command')
       LEFT JOIN (${starts}) AS start ON start.command = json_extract(kept.body, '$.command')
       LEFT JOIN (${ends}) AS ending ON ending.command = json_extract(kept.body, '$.command')
     WHERE kept.type = 'message.kept'`,
  `CREATE TABLE numbered AS
     SELECT seq, row_number() OVER (PARTITION BY mission ORDER BY place, is_other) AS sequence FROM (
       SELECT seq, mission, seq AS place, 1 AS is_other FROM log WHERE sequence IS NOT NULL AND type <> 'message.kept'
       UNION ALL SELECT bearer, mission, place, 0 FROM moved WHERE bearer IS NOT NULL)`,
  'CREATE UNIQUE INDEX numbered_seq ON numbered (seq)',
  // First none, then the new ones: a number is unique in its mission at every moment.
  `UPDATE log SET sequence = NULL WHERE sequence IS NOT NULL
     AND sequence IS NOT (SELECT sequence FROM numbered WHERE numbered.seq = log.seq)`,
  `UPDATE log SET sequence = (SELECT sequence FROM numbered WHERE numbered.seq = log.seq)
     WHERE sequence IS NULL AND seq IN (SELECT seq FROM numbered)`,
  `UPDATE commands SET seq = (SELECT kept FROM moved WHERE moved.command = commands.id)
     WHERE state IN ('kept', 'sent', 'received', 'accepted') AND id IN (SELECT command FROM moved)`,
  'DROP TABLE numbered',
  'DROP TABLE moved',
];
