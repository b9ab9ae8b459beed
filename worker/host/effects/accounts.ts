/**
 * What the accounts of users are to know of this server: that it holds something of theirs, and whether something of it
 * may be alive. Each owner has a row with a revision of its own, so that the account keeps the newest, whatever comes
 * when. Admins are told of news too (news.ts).
 */
import { doubled } from '../../../shared/backoff.ts';
import { logError } from '../../log.ts';
import { isWithoutOpen } from '../messages/waiting.ts';
import { isAtWork } from '../missions/slots.ts';
import { isRemoved } from '../removed.ts';
import { hasMissions } from '../usage/usage.ts';
import { dueOf, type Effect, nextOf, postpone, settle, want } from './effects.ts';
import { fewAtOnce } from './few-at-once.ts';
import { newsOf } from './news.ts';
import type { Telling } from './telling.ts';

/** Wait after an account could not be told, doubling. Each account is an object of its own, and waits by itself. */
const minWaitMs = 500;
const maxWaitMs = 60_000;

/** In place of `live` where nothing of an owner is left here. */
const gone = -1;

/** `since`: the head of the log before the first row of theirs. */
type Owner = { owner: string; live: number; rev: number; since: number };

/**
 * Notes the owners of missions that changed: who is new here, and of whom something is alive now. `head`: of the log
 * before the change. In a transaction.
 */
export const noteOwners = (sql: SqlStorage, touched: readonly string[], head: number): void => {
  if (touched.length === 0) return;
  const owners = sql.exec<{ owner: string; live: number }>(
    `SELECT owner, max(turn IS NOT NULL OR NOT (${isWithoutOpen})) AS live FROM missions
       WHERE id IN (SELECT value FROM json_each(?)) GROUP BY owner`,
    JSON.stringify(touched),
  );
  for (const { owner, live } of owners.toArray()) {
    const known = ownerOf(sql, owner);
    const here = known && known.live !== gone ? known : { owner, live: gone, rev: known?.rev ?? 0, since: head };
    if (here.live < live) change(sql, { ...here, live, rev: here.rev + 1 });
  }
};

/** Owners who are called alive and have nothing alive any more. */
const quietOwners = (sql: SqlStorage): Owner[] =>
  sql
    .exec<Owner>(
      `SELECT owner, live, rev, since FROM accounts INDEXED BY accounts_live
         WHERE live = 1 AND NOT EXISTS (SELECT 1 FROM waiting INDEXED BY waiting_owner WHERE owner = accounts.owner)
           AND owner NOT IN (SELECT owner FROM missions WHERE ${isAtWork})`,
    )
    .toArray();

export const someAreQuiet = (sql: SqlStorage): boolean => quietOwners(sql).length > 0;

/** Calls them quiet. In a transaction. */
export const noteQuietOwners = (sql: SqlStorage): void => {
  for (const known of quietOwners(sql)) change(sql, { ...known, live: 0, rev: known.rev + 1 });
};

/**
 * Tells the account of an owner who has nothing here any more, deleted or not, to forget this server. In a transaction.
 */
export const noteLeft = (sql: SqlStorage, owner: string): void => {
  const known = ownerOf(sql, owner);
  if (!known || known.live === gone || hasMissions(sql, owner)) return;
  change(sql, { ...known, live: gone, rev: known.rev + 1 });
};

/**
 * All accounts are to be told again: the log is another one, or the server was removed or is back. In a transaction.
 */
export const tellAllAccounts = (sql: SqlStorage): void => {
  for (const known of sql.exec<Owner>('SELECT owner, live, rev, since FROM accounts').toArray()) {
    change(sql, { ...known, rev: known.rev + 1 });
  }
};

const ownerOf = (sql: SqlStorage, owner: string): Owner | undefined =>
  sql.exec<Owner>('SELECT owner, live, rev, since FROM accounts WHERE owner = ?', owner).toArray()[0];

const change = (sql: SqlStorage, { owner, live, rev, since }: Owner): void => {
  sql.exec(
    `INSERT INTO accounts (owner, live, rev, since) VALUES (?, ?, ?, ?)
       ON CONFLICT (owner) DO UPDATE SET live = excluded.live, rev = excluded.rev, since = excluded.since`,
    owner,
    live,
    rev,
    since,
  );
  want(sql, 'account', owner, rev);
};

/** When an account is to be told or asked next (milliseconds, maybe past), or null while all is known. */
export const accountsDue = (sql: SqlStorage): number | null => nextOf(sql, ['account', 'adopted']);

/** Tells a slice of the accounts that are due, a few at once. False: there is nothing to tell now. Never throws. */
export const tellAccounts = async ({ host, directory, accounts, admins, clock }: Telling): Promise<boolean> => {
  const { sql, log, now } = host;
  const due = dueOf(sql, 'account', now());
  const tell = async (effect: Effect): Promise<void> => {
    const known = ownerOf(sql, effect.key);
    try {
      const removed = isRemoved(sql);
      const said = known && { rev: known.rev, live: known.live === 1 && !removed, since: log.cursorAt(known.since) };
      const news = admins().includes(effect.key) ? newsOf(host) : '';
      const server = { host: directory.host, log: log.id, removed, gone: known?.live === gone, news };
      if (said) await accounts.tell(effect.key, { ...said, ...server });
      settle(sql, effect);
    } catch (cause) {
      const failures = postpone(sql, effect, (tries) => now() + doubled(minWaitMs, maxWaitMs, tries));
      if (failures === 1) logError('account.away', cause);
    }
  };
  await fewAtOnce(clock, due, tell);
  return due.length > 0;
};
