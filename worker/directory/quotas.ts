import { and, eq, inArray } from 'drizzle-orm';
import type { BatchItem } from 'drizzle-orm/batch';
import type { QuotaChanges, QuotaName } from '../../shared/quotas.ts';
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
