import { and, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Pace } from '../attempts.ts';
import type { Directory } from './directory.ts';
import { attempts, knownAddresses } from './schema.ts';

const dayMs = 24 * 3_600_000;

/** What is counted under these names (`clearAt`), and the accounts that have been logged in to from this address. */
export const readAttempts = async (
  db: Directory,
  names: readonly string[],
  address: string,
): Promise<{ clearAt: Map<string, number>; accounts: Set<string> }> => {
  const [counted, known] = await db.batch([
    db
      .select()
      .from(attempts)
      .where(inArray(attempts.name, [...names])),
    db.select({ account: knownAddresses.account }).from(knownAddresses).where(eq(knownAddresses.address, address)),
  ]);
  return {
    clearAt: new Map(counted.map((row) => [row.name, row.clearAt])),
    accounts: new Set(known.map(({ account }) => account)),
  };
};

/**
 * Counts an attempt under each of these names, in one statement for each, so that no burst of parallel ones slips
 * through. Out: what is counted then, by name.
 */
export const countAttempts = async (
  db: Directory,
  counted: readonly { name: string; pace: Pace }[],
  now: number,
): Promise<Map<string, number>> => {
  const [first, ...others] = counted.map(({ name, pace: { burst, everyMs } }) =>
    db
      .insert(attempts)
      .values({ name, clearAt: now + everyMs })
      .onConflictDoUpdate({
        target: attempts.name,
        // `withOneMore` of worker/attempts.ts.
        set: { clearAt: sql`min(max(${attempts.clearAt}, ${now}) + ${everyMs}, ${now + burst * everyMs + 1})` },
      })
      .returning(),
  );
  if (!first) return new Map();
  const rows = (await db.batch([first, ...others])).flat();
  return new Map(rows.map((row) => [row.name, row.clearAt]));
};

/** Takes one attempt back under each of these names. */
export const takeBack = async (db: Directory, counted: readonly { name: string; pace: Pace }[]): Promise<void> => {
  const [first, ...others] = counted.map(({ name, pace: { everyMs } }) =>
    db
      .update(attempts)
      .set({ clearAt: sql`${attempts.clearAt} - ${everyMs}` })
      .where(eq(attempts.name, name)),
  );
  if (first) await db.batch([first, ...others]);
};

export const forgetAttempts = async (db: Directory, name: string): Promise<void> => {
  await db.delete(attempts).where(eq(attempts.name, name));
};

/** Remembers that an account was logged in to from there; written once a day at most. */
export const keepKnown = async (db: Directory, address: string, account: string, now: number): Promise<void> => {
  const { address: at, account: of } = knownAddresses;
  await db
    .insert(knownAddresses)
    .values({ address, account, seenAt: now })
    .onConflictDoUpdate({
      target: [at, of],
      set: { seenAt: now },
      setWhere: lt(knownAddresses.seenAt, now - dayMs),
    });
  // Far more places than a person has; whoever collects more loses those not used for the longest time.
  const spare = db
    .select({ seenAt: knownAddresses.seenAt })
    .from(knownAddresses)
    .where(eq(of, account))
    .orderBy(sql`${knownAddresses.seenAt} DESC`)
    .limit(1)
    .offset(maxKnown);
  await db.delete(knownAddresses).where(and(eq(of, account), lt(knownAddresses.seenAt, sql`(${spare})`)));
};

const maxKnown = 50;
