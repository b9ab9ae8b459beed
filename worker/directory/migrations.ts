import directorySql from '../../migrations/0000_directory.sql';
import enrolmentSql from '../../migrations/0001_enrolment.sql';
import totalsSql from '../../migrations/0002_totals.sql';
import effectsSql from '../../migrations/0003_effects.sql';
import trashSql from '../../migrations/0004_trash.sql';
import attemptsSql from '../../migrations/0005_attempts.sql';
import countsSql from '../../migrations/0006_counts.sql';
import quotasSql from '../../migrations/0007_quotas.sql';
import spaceSql from '../../migrations/0008_space.sql';
import connectedSql from '../../migrations/0009_connected.sql';

/** Every file of migrations/, in order; a test compares this list with the folder. */
export const migrations: readonly { name: string; sql: string }[] = [
  { name: '0000_directory.sql', sql: directorySql },
  { name: '0001_enrolment.sql', sql: enrolmentSql },
  { name: '0002_totals.sql', sql: totalsSql },
  { name: '0003_effects.sql', sql: effectsSql },
  { name: '0004_trash.sql', sql: trashSql },
  { name: '0005_attempts.sql', sql: attemptsSql },
  { name: '0006_counts.sql', sql: countsSql },
  { name: '0007_quotas.sql', sql: quotasSql },
  { name: '0008_space.sql', sql: spaceSql },
  { name: '0009_connected.sql', sql: connectedSql },
];

/** Wrangler's own table, so that either of us sees what the other has applied. */
const createTable = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** Applies what is missing, each file and its record in one transaction. Answers the names applied now. */
export const applyMigrations = async (db: D1Database): Promise<string[]> => {
  await db.prepare(createTable).run();
  const applied = new Set(
    (await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()).results.map((row) => row.name),
  );
  const missing = migrations.filter((migration) => !applied.has(migration.name));
  for (const { name, sql } of missing) {
    const statements = sql.split('--> statement-breakpoint').map((statement) => db.prepare(statement.trim()));
    await db.batch([...statements, db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name)]);
  }
  return missing.map((migration) => migration.name);
};
