/**
 * Rows of no mission (`host.note`, `opencode.replaced`, `log.rejected`) are for admins, who may have nothing else on
 * this server. So the account of each is told how far in the log the newest of them is: open streams come for it, and
 * those that have seen it, or begin after it, ask nothing.
 */
import type { HostContext } from '../context.ts';
import type { Recorded } from '../record/record.ts';
import { wantNotBefore } from './effects.ts';

/** A server that says something with every frame is told of so often. */
const newsMs = 2_000;

/** By object: when accounts were told last. Memory only. */
const toldAt = new WeakMap<SqlStorage, number>();

/** Whether rows that are for admins alone are among these. */
export const isNews = ({ row }: Recorded): boolean => row.mission === null && row.event.type !== 'log.gap';

/** Notes that there is something new for these admins. `head`: of the log before it. In a transaction. */
export const noteNews = ({ sql, now }: HostContext, admins: readonly string[], head: number): void => {
  const at = (toldAt.get(sql) ?? 0) + newsMs;
  for (const admin of admins) {
    sql.exec(
      'INSERT INTO accounts (owner, live, rev, since) VALUES (?, -1, 1, ?) ON CONFLICT (owner) DO NOTHING',
      admin,
      head,
    );
    wantNotBefore(sql, 'account', admin, at <= now() ? 0 : at);
  }
};

/** The position behind the newest of them, as their accounts are told it; empty where there is none. */
export const newsOf = ({ sql, log, now }: HostContext): string => {
  const [newest] = sql
    .exec<{ seq: number }>(
      `SELECT seq FROM log INDEXED BY log_unshown
         WHERE mission IS NULL AND sequence IS NULL AND type <> 'part.checkpoint' ORDER BY seq DESC LIMIT 1`,
    )
    .toArray();
  if (!newest) return '';
  toldAt.set(sql, now());
  return log.cursorAt(newest.seq);
};
