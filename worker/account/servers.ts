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
  /** Nothing of the user is left there. */
  gone?: boolean;
  rev: number;
}

/** The servers that hold something of the user, in the order in which they came to. */
export const serversOf = (sql: SqlStorage): AccountServer[] =>
  sql
    .exec<{ host: string; live: number; removed: number; log: string; since: string }>(
      'SELECT host, live, removed, log, since FROM servers WHERE gone = 0 ORDER BY ord, host',
    )
    .toArray()
    .map(({ live, removed, ...known }) => ({ ...known, live: live === 1, removed: removed === 1 }));

/** Notes what a server said. True where that changes what `serversOf` says. */
export const noteServer = (
  sql: SqlStorage,
  { host, log, since, rev, live, removed = false, gone = false }: ServerChange,
): boolean => {
  const [known] = sql
    .exec<{ log: string; rev: number; live: number; removed: number; gone: number }>(
      'SELECT log, rev, live, removed, gone FROM servers WHERE host = ?',
      host,
    )
    .toArray();
  if (known && known.log === log && known.rev >= rev) return false;
  const now = { live: live ? 1 : 0, removed: removed ? 1 : 0, gone: gone ? 1 : 0 };
  sql.exec(
    `INSERT INTO servers (host, log, since, rev, live, removed, gone, ord)
       VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(ord), 0) + 1 FROM servers))
       ON CONFLICT (host) DO UPDATE
         SET log = excluded.log, since = excluded.since, rev = excluded.rev, live = excluded.live, removed = excluded.removed,
           gone = excluded.gone`,
    host,
    log,
    since,
    rev,
    now.live,
    now.removed,
    now.gone,
  );
  if (now.gone === 1) return known?.gone === 0;
  return !known || known.log !== log || known.live !== now.live || known.removed !== now.removed || known.gone === 1;
};

/**
 * A message is on its way to a server, which says so itself as soon as it has it. True where that changes what
 * `serversOf` says.
 */
export const expectLife = (sql: SqlStorage, host: string): boolean =>
  sql.exec(
    `INSERT INTO servers (host, log, rev, live, ord) VALUES (?, '', 0, 1, (SELECT coalesce(max(ord), 0) + 1 FROM servers))
       ON CONFLICT (host) DO UPDATE SET live = 1, gone = 0, log = iif(gone = 1, '', log) WHERE live = 0 OR gone = 1`,
    host,
  ).rowsWritten > 0;
