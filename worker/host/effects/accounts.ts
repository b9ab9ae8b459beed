/**
 * What the accounts of users are to know of this server: that it holds something of theirs, and whether something of it
 * may be alive. Each owner has a row with a revision of its own, so that the account keeps the newest, whatever comes
 * when.
 */
import { doubled } from '../../../shared/backoff.ts';
import { logError } from '../../log.ts';
import { isWithoutOpen } from '../messages/waiting.ts';
import { isAtWork } from '../missions/slots.ts';
import { dueOf, type Effect, nextOf, postpone, settle, want } from './effects.ts';
import type { Telling } from './telling.ts';

/** Wait after an account could not be told, doubling. Each account is an object of its own, and waits by itself. */
const minWaitMs = 500;
const maxWaitMs = 60_000;

type Owner = { owner: string; live: number; rev: number };

/** Notes the owners of missions that changed: who is new here, and of whom something is alive now. In a transaction. */
export const noteOwners = (sql: SqlStorage, touched: readonly string[]): void => {
  if (touched.length === 0) return;
  const owners = sql.exec<{ owner: string; live: number }>(
    `SELECT owner, max(turn IS NOT NULL OR NOT (${isWithoutOpen})) AS live FROM missions
       WHERE id IN (SELECT value FROM json_each(?)) GROUP BY owner`,
    JSON.stringify(touched),
  );
  for (const { owner, live } of owners.toArray()) {
    const known = sql.exec<Owner>('SELECT owner, live, rev FROM accounts WHERE owner = ?', owner).toArray()[0];
    if (known === undefined || known.live < live) change(sql, { owner, live, rev: (known?.rev ?? 0) + 1 });
  }
};

/** Owners who are called alive and have nothing alive any more. */
const quietOwners = (sql: SqlStorage): Owner[] =>
  sql
    .exec<Owner>(
      `SELECT owner, live, rev FROM accounts INDEXED BY accounts_live
         WHERE live = 1 AND NOT EXISTS (SELECT 1 FROM waiting INDEXED BY waiting_owner WHERE owner = accounts.owner)
           AND owner NOT IN (SELECT owner FROM missions WHERE ${isAtWork})`,
    )
    .toArray();

export const someAreQuiet = (sql: SqlStorage): boolean => quietOwners(sql).length > 0;

/** Calls them quiet. In a transaction. */
export const noteQuietOwners = (sql: SqlStorage): void => {
  for (const { owner, rev } of quietOwners(sql)) change(sql, { owner, live: 0, rev: rev + 1 });
};

/** All accounts are to be told again, because the log is another one. In a transaction. */
export const tellAllAccounts = (sql: SqlStorage): void => {
  for (const { owner, rev } of sql.exec<Owner>('SELECT owner, live, rev FROM accounts').toArray()) {
    want(sql, 'account', owner, rev);
  }
};

const change = (sql: SqlStorage, { owner, live, rev }: Owner): void => {
  sql.exec(
    `INSERT INTO accounts (owner, live, rev) VALUES (?, ?, ?)
       ON CONFLICT (owner) DO UPDATE SET live = excluded.live, rev = excluded.rev`,
    owner,
    live,
    rev,
  );
  want(sql, 'account', owner, rev);
};

/** When an account is to be told next (milliseconds, maybe past), or null while all know. */
export const accountsDue = (sql: SqlStorage): number | null => nextOf(sql, ['account']);

/** Tells a slice of the accounts that are due, all at once. False: there is nothing to tell now. Never throws. */
export const tellAccounts = async ({ host, directory, accounts }: Telling): Promise<boolean> => {
  const { sql, log, now } = host;
  const due = dueOf(sql, 'account', now());
  const tell = async (effect: Effect): Promise<void> => {
    const [known] = sql.exec<Owner>('SELECT owner, live, rev FROM accounts WHERE owner = ?', effect.key).toArray();
    try {
      if (known)
        await accounts.tell(effect.key, { host: directory.host, log: log.id, rev: known.rev, live: known.live === 1 });
      settle(sql, effect);
    } catch (cause) {
      const failures = postpone(sql, effect, (tries) => now() + doubled(minWaitMs, maxWaitMs, tries));
      if (failures === 1) logError('account.away', cause);
    }
  };
  await Promise.all(due.map(tell));
  return due.length > 0;
};
