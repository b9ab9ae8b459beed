/** A server that holds something of the user. `live`: something of theirs may be alive there. */
export interface AccountServer {
  host: string;
  live: boolean;
  /** It was removed from the edge: what it holds can still be read. */
  removed: boolean;
  /** The history in force there, as its object said last. */
  log: string;
  /** The position in it before the first event of theirs. */
  since: string;
}

/**
 * What a server's object says of itself and one user. It may come late, twice or out of order: `rev` rises within one
 * `log`, and another log is a history that was begun anew (protocol §6), whose revisions say nothing about the ones
 * before.
 */
export interface ServerChange extends Omit<AccountServer, 'removed'> {
  removed?: boolean;
  rev: number;
}

/** The servers that hold something of the user, in the order in which they came to. */
export const serversOf = (sql: SqlStorage): AccountServer[] =>
  sql
    .exec<{ host: string; live: number; removed: number; log: string; since: string }>(
      'SELECT host, live, removed, log, since FROM servers ORDER BY ord, host',
    )
    .toArray()
    .map(({ live, removed, ...known }) => ({ ...known, live: live === 1, removed: removed === 1 }));

/** Notes what a server said. True where that changes what `serversOf` says. */
export const noteServer = (
  sql: SqlStorage,
  { host, log, since, rev, live, removed = false }: ServerChange,
): boolean => {
  const [known] = sql
    .exec<{ log: string; rev: number; live: number; removed: number }>(
      'SELECT log, rev, live, removed FROM servers WHERE host = ?',
      host,
    )
    .toArray();
  if (known && known.log === log && known.rev >= rev) return false;
  const now = { live: live ? 1 : 0, removed: removed ? 1 : 0 };
  sql.exec(
    `INSERT INTO servers (host, log, since, rev, live, removed, ord)
       VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(ord), 0) + 1 FROM servers))
       ON CONFLICT (host) DO UPDATE
         SET log = excluded.log, since = excluded.since, rev = excluded.rev, live = excluded.live, removed = excluded.removed`,
    host,
    log,
    since,
    rev,
    now.live,
    now.removed,
  );
  return !known || known.log !== log || known.live !== now.live || known.removed !== now.removed;
};

/** Forgets a server that holds nothing of the user any more. True where it was known. */
export const forgetServer = (sql: SqlStorage, host: string): boolean =>
  sql.exec('DELETE FROM servers WHERE host = ?', host).rowsWritten > 0;

/**
 * A message is on its way to a server, which says so itself as soon as it has it. True where that changes what
 * `serversOf` says.
 */
export const expectLife = (sql: SqlStorage, host: string): boolean =>
  sql.exec(
    `INSERT INTO servers (host, log, rev, live, ord) VALUES (?, '', 0, 1, (SELECT coalesce(max(ord), 0) + 1 FROM servers))
       ON CONFLICT (host) DO UPDATE SET live = 1 WHERE live = 0`,
    host,
  ).rowsWritten > 0;
