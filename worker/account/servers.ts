import { parseCursor } from '../../shared/cursor.ts';

/** A server that holds something of the user, or has news for an admin. `live`: something may be alive there. */
export interface AccountServer {
  host: string;
  live: boolean;
  /** It was removed from the edge: what it holds can still be read. */
  removed: boolean;
  /** The history in force there, as its object said last. */
  log: string;
  /** The position in it before the first event of theirs. */
  since: string;
  /** Something of the user is there; else it only has news. */
  holds: boolean;
  /** Of an admin: the position behind the newest row there that is of no mission. Empty: there is none for them. */
  news: string;
}

/**
 * What a server's object says of itself and one user. It may come late, twice or out of order: `rev` rises within one
 * `log`, and another log is a history that was begun anew (protocol §6), whose revisions say nothing about the ones
 * before.
 */
export interface ServerChange extends Omit<AccountServer, 'removed' | 'holds' | 'news'> {
  news?: string;
  removed?: boolean;
  /** Nothing of the user is left there. */
  gone?: boolean;
  rev: number;
}

/** The servers that hold something of the user, or have news, in the order in which they came to. */
export const serversOf = (sql: SqlStorage): AccountServer[] =>
  sql
    .exec<{ host: string; live: number; removed: number; log: string; since: string; gone: number; news: string }>(
      `SELECT host, live, removed, log, since, gone, news FROM servers
         WHERE gone = 0 OR (news <> '' AND removed = 0) ORDER BY ord, host`,
    )
    .toArray()
    .map(({ live, removed, gone, ...known }) => ({
      ...known,
      live: live === 1,
      removed: removed === 1,
      holds: gone === 0,
    }));

/** Notes what a server said. True where that changes what `serversOf` says. */
export const noteServer = (
  sql: SqlStorage,
  { host, log, since, rev, live, removed = false, gone = false, news = '' }: ServerChange,
): boolean => {
  const [known] = sql
    .exec<{ log: string; rev: number; live: number; removed: number; gone: number; news: string }>(
      'SELECT log, rev, live, removed, gone, news FROM servers WHERE host = ?',
      host,
    )
    .toArray();
  const isNewer = news !== '' && (known?.log !== log || seqOf(news) > seqOf(known.news));
  // News have no revision: they rise with the log.
  if (known && known.log === log && known.rev >= rev) {
    if (isNewer) sql.exec('UPDATE servers SET news = ? WHERE host = ?', news, host);
    return isNewer;
  }
  const now = { live: live ? 1 : 0, removed: removed ? 1 : 0, gone: gone ? 1 : 0 };
  sql.exec(
    `INSERT INTO servers (host, log, since, rev, live, removed, gone, news, ord)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(ord), 0) + 1 FROM servers))
       ON CONFLICT (host) DO UPDATE
         SET log = excluded.log, since = excluded.since, rev = excluded.rev, live = excluded.live, removed = excluded.removed,
           gone = excluded.gone, news = excluded.news`,
    host,
    log,
    since,
    rev,
    now.live,
    now.removed,
    now.gone,
    isNewer || known?.log !== log ? news : known.news,
  );
  if (isNewer) return true;
  if (now.gone === 1) return known?.gone === 0;
  return !known || known.log !== log || known.live !== now.live || known.removed !== now.removed || known.gone === 1;
};

/** How far in its log a position is; 0 for none. */
const seqOf = (position: string): number => parseCursor(position)?.seq ?? 0;

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
