import { inArray, lt, lte, sql } from 'drizzle-orm';
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';
import { idempotencyMs } from '../../shared/limits.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';
import { type Directory, directory } from './directory.ts';
import { attempts, enrolmentCodes, idempotency, knownAddresses } from './schema.ts';

/** More than any request adds, and few enough that nobody notices the wait behind them. */
const sliceRows = 100;
/** Who has not logged in from a place for so long is a stranger there. */
const knownMs = 90 * 24 * 3_600_000;

/**
 * Removes what has expired, a bounded slice of each table, the oldest first, along an index. To be called by whatever
 * adds such rows: so the tables shrink faster than they grow. Nobody waits for it; what fails is done by the next one.
 */
export const pruneLater = (env: Env): void =>
  env.later(
    pruneDirectory(directory(env), env.clock.now()).catch((cause: unknown) => {
      if (env.attempts.isWorthMentioning(env.clock.now())) logError('directory.not_pruned', cause);
    }),
  );

const pruneDirectory = async (db: Directory, now: number): Promise<void> => {
  await db.batch([
    db.delete(attempts).where(oldest(db, attempts, attempts.clearAt, lte(attempts.clearAt, now))),
    db
      .delete(knownAddresses)
      .where(oldest(db, knownAddresses, knownAddresses.seenAt, lt(knownAddresses.seenAt, now - knownMs))),
    db
      .delete(idempotency)
      .where(oldest(db, idempotency, idempotency.createdAt, lt(idempotency.createdAt, now - idempotencyMs))),
    db
      .delete(enrolmentCodes)
      .where(oldest(db, enrolmentCodes, enrolmentCodes.expiresAt, lte(enrolmentCodes.expiresAt, now))),
  ]);
};

const rowid = sql<number>`rowid`;

const oldest = (db: Directory, table: SQLiteTable, by: SQLiteColumn, isOver: ReturnType<typeof lt>) =>
  inArray(rowid, db.select({ rowid }).from(table).where(isOver).orderBy(by).limit(sliceRows));
