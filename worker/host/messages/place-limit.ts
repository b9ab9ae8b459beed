/** What an owner may hold on the host's disk, as a message's quotas said last: the host is told with messages. */

export const keepPlaceLimit = (sql: SqlStorage, owner: string, bytes: number): void => {
  sql.exec(
    `INSERT INTO place_limits (owner, bytes) VALUES (?, ?)
       ON CONFLICT (owner) DO UPDATE SET bytes = excluded.bytes WHERE bytes <> excluded.bytes`,
    owner,
    bytes,
  );
};

/** As a command carries it; nothing where no message since this was kept has said so. */
export const placeLimit = (sql: SqlStorage, owner: string): { place_bytes?: number } => {
  const row = sql.exec<{ bytes: number }>('SELECT bytes FROM place_limits WHERE owner = ?', owner).toArray()[0];
  return row ? { place_bytes: row.bytes } : {};
};
