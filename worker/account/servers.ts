/** A server that holds something of the user. `live`: something of theirs may be alive there. */
export interface AccountServer {
  host: string;
  live: boolean;
}

/**
 * What a server's object says of itself and one user. It may come late, twice or out of order: `rev` rises within one
 * `log`, and another log is a history that was begun anew (protocol §6), whose revisions say nothing about the ones
 * before.
 */
export interface ServerChange extends AccountServer {
  log: string;
  rev: number;
}

/** The servers that hold something of the user, in no order that means anything. */
export const serversOf = (sql: SqlStorage): AccountServer[] =>
  sql
    .exec<{ host: string; live: number }>('SELECT host, live FROM servers')
    .toArray()
    .map(({ host, live }) => ({ host, live: live === 1 }));

/** Notes what a server said. True where that changes what `serversOf` says. */
export const noteServer = (sql: SqlStorage, { host, log, rev, live }: ServerChange): boolean => {
  const [known] = sql
    .exec<{ log: string; rev: number; live: number }>('SELECT log, rev, live FROM servers WHERE host = ?', host)
    .toArray();
  if (known && known.log === log && known.rev >= rev) return false;
  sql.exec(
    `INSERT INTO servers (host, log, rev, live) VALUES (?, ?, ?, ?)
       ON CONFLICT (host) DO UPDATE SET log = excluded.log, rev = excluded.rev, live = excluded.live`,
    host,
    log,
    rev,
    live ? 1 : 0,
  );
  return known === undefined || (known.live === 1) !== live;
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
    `INSERT INTO servers (host, log, rev, live) VALUES (?, '', 0, 1)
       ON CONFLICT (host) DO UPDATE SET live = 1 WHERE live = 0`,
    host,
  ).rowsWritten > 0;
