/**
 * Missions that a host opened and this object did not know: it was put back to before they were made, and adopted them
 * (record/ingest.ts). One host must not write into another's missions, so the account of the owner that the host named
 * is asked about each, as soon as it can be: the link waits for nobody. Who names another owner than the mission's
 * shows nothing to anybody but that owner. What an account has forgotten is found out when D1 is told (foreign.ts).
 */
import { doubled } from '../../../shared/backoff.ts';
import { logError } from '../../log.ts';
import { getMission } from '../missions/missions.ts';
import { nobody } from '../missions/nobody.ts';
import { atomically } from '../remembered.ts';
import { dueOf, type Effect, postpone, settle, want } from './effects.ts';
import { fewAtOnce } from './few-at-once.ts';
import { disown } from './foreign.ts';
import type { Telling } from './telling.ts';

/** Wait after an account could not be asked, doubling. */
const minWaitMs = 500;
const maxWaitMs = 60_000;

/** In the transaction that adopts them. */
export const wantAdopted = (sql: SqlStorage, opened: readonly { id: string }[]): void => {
  for (const { id } of opened) want(sql, 'adopted', id, 1);
};

/**
 * Asks the accounts about a slice of what was adopted, a few at once, and takes back what is another server's. False:
 * there is nothing to ask now. Never throws.
 */
export const askAboutAdopted = async (telling: Telling): Promise<boolean> => {
  const { sql, now } = telling.host;
  const due = dueOf(sql, 'adopted', now());
  const byOwner = Map.groupBy(due, ({ key }) => getMission(sql, key)?.owner ?? nobody);
  await fewAtOnce(telling.clock, [...byOwner], ([owner, effects]) => askOne(telling, owner, effects));
  return due.length > 0;
};

const askOne = async (
  { host, directory, accounts, onForeign }: Telling,
  owner: string,
  adopted: readonly Effect[],
): Promise<void> => {
  const { sql, storage, now } = host;
  const ids = adopted.map(({ key }) => key);
  try {
    const foreign = owner === nobody ? [] : await accounts.elsewhere(owner, directory.host, ids);
    const taken = atomically(storage, () => {
      for (const effect of adopted) settle(sql, effect);
      return disown(host, foreign);
    });
    if (taken.length > 0) onForeign(taken);
  } catch (cause) {
    for (const effect of adopted) {
      const failures = postpone(sql, effect, (tries) => now() + doubled(minWaitMs, maxWaitMs, tries));
      if (failures === 1) logError('account.away', cause);
    }
  }
};
