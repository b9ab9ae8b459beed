import { eq, sql } from 'drizzle-orm';
import { AppError } from '../../shared/errors.ts';
import { userNameText } from '../../shared/password.ts';
import { sha256Hex } from '../digest.ts';
import type { Directory } from '../directory/directory.ts';
import { loginFailures } from '../directory/schema.ts';

/** Enough for a person's typing errors, far too few for guessing (architecture §5). */
const maxFailures = 10;
const windowMs = 5 * 60_000;

/** The key under which failed logins are counted. Hashed, because people type passwords into the name field. */
export const limitKey = (address: string, account: string): string => sha256Hex(`${address}\n${userNameText(account)}`);

/** Enrolments are counted apart from logins: no account has a line break in its name. */
export const enrolmentLimitKey = (address: string): string => sha256Hex(`${address}\nenrolment\n`);

/**
 * Counts an attempt before it is checked, in one statement, so that a burst of parallel guesses cannot slip through.
 * Throws 429, saying what there were too many of and when to try again, once the window is used up.
 */
export const countAttempt = async (
  db: Directory,
  key: string,
  now: number,
  what: 'logins' | 'enrolments' = 'logins',
): Promise<void> => {
  const expired = sql`${loginFailures.windowStartedAt} <= ${now - windowMs}`;
  const [row] = await db
    .insert(loginFailures)
    .values({ key, count: 1, windowStartedAt: now })
    .onConflictDoUpdate({
      target: loginFailures.key,
      set: {
        count: sql`CASE WHEN ${expired} THEN 1 ELSE ${loginFailures.count} + 1 END`,
        windowStartedAt: sql`CASE WHEN ${expired} THEN ${now} ELSE ${loginFailures.windowStartedAt} END`,
      },
    })
    .returning();
  if (!row || row.count <= maxFailures) return;
  const until = row.windowStartedAt + windowMs;
  const clock = new Date(until).toISOString().slice(11, 19);
  const seconds = Math.max(1, Math.ceil((until - now) / 1000));
  throw new AppError('too_many', `Too many failed ${what}: try again in ${seconds} s (after ${clock} UTC)`);
};

/** A correct attempt forgives the failures before it. */
export const forgiveFailures = async (db: Directory, key: string): Promise<void> => {
  await db.delete(loginFailures).where(eq(loginFailures.key, key));
};
