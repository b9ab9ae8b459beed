/** Steps of an object's tables, each a list of statements: a step is added at the end, never edited. */
export type Migrations = readonly (readonly string[])[];

/**
 * Brings an object's tables to this version; `meta.schema` carries it. Throws when an older program opens a newer
 * object, which would lose data.
 */
export const bringUp = (sql: SqlStorage, migrations: Migrations): void => {
  const known = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name = 'meta'").toArray();
  const version = known.length === 0 ? 0 : Number(getMeta(sql, 'schema') ?? 0);
  if (version > migrations.length)
    throw new Error(
      `object schema ${version} is newer than this program's ${migrations.length}: deploy a newer Worker`,
    );
  for (const statements of migrations.slice(version)) for (const statement of statements) sql.exec(statement);
  if (version < migrations.length) setMeta(sql, 'schema', String(migrations.length));
};

export const getMeta = (sql: SqlStorage, key: string): string | null =>
  sql.exec<{ value: string }>('SELECT value FROM meta WHERE key = ?', key).toArray()[0]?.value ?? null;

/** Writes only a value that differs: an unchanged one would be a billed row. */
export const setMeta = (sql: SqlStorage, key: string, value: string): void => {
  if (getMeta(sql, key) !== value) putMeta(sql, key, value);
};

/** Writes a value that is known to differ. */
export const putMeta = (sql: SqlStorage, key: string, value: string): void => {
  sql.exec(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    key,
    value,
  );
};
