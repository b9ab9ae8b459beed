import { and, eq, inArray } from 'drizzle-orm';
import type { BatchItem } from 'drizzle-orm/batch';
import { defaultLimits, type QuotaChanges, type QuotaName } from '../../shared/quotas.ts';
import type { Directory } from './directory.ts';
import { quotas } from './schema.ts';

/** In place of a user: what applies to everybody. No user has an empty id. */
export const everybody = '';

/** What admins have set for this user, and for everybody. */
export const readQuotas = (db: Directory, owner: string): Promise<(typeof quotas.$inferSelect)[]> =>
  db
    .select()
    .from(quotas)
    .where(inArray(quotas.owner, [everybody, owner]))
    .all();

/** What is set for a user before what is set for everybody, else the default. */
export const setFor = (rows: Awaited<ReturnType<typeof readQuotas>>, owner: string, name: QuotaName): number => {
  const setOf = (of: string) => rows.find((row) => row.owner === of && row.name === name)?.value;
  return setOf(owner) ?? setOf(everybody) ?? defaultLimits[name];
};

/** One limit of a user, as D1 has it. */
export const quotaOf = async (db: Directory, owner: string, name: QuotaName): Promise<number> =>
  setFor(await readQuotas(db, owner), owner, name);

/** Sets and unsets (null) what is named. */
export const writeQuotas = async (db: Directory, owner: string, changes: QuotaChanges, now: number): Promise<void> => {
  const [first, ...others] = (Object.entries(changes) as [QuotaName, number | null | undefined][]).flatMap(
    ([name, value]): BatchItem<'sqlite'>[] => {
      if (value === undefined) return [];
      if (value === null) return [db.delete(quotas).where(and(eq(quotas.owner, owner), eq(quotas.name, name)))];
      const row = { owner, name, value, changedAt: now };
      return [
        db
          .insert(quotas)
          .values(row)
          .onConflictDoUpdate({ target: [quotas.owner, quotas.name], set: row }),
      ];
    },
  );
  if (first) await db.batch([first, ...others]);
};
