/**
 * Missions that a host opened and this object did not know: it was put back to before they were made, and adopted them
 * (record/ingest.ts). One host must not write into another's missions, so the account of the owner that the host named
 * is asked about each, as soon as it can be: the link waits for nobody. Who names another owner than the mission's
 * shows nothing to anybody but that owner. What an account has forgotten is found out when D1 is told (foreign.ts).
 *
 * What is adopted counts for its owner's quota `missions`, and what is above that is taken back: an ordinary host opens
 * only what the edge has made, of which D1 knows that it is older than its adoption.
 */
import { doubled } from '../../../shared/backoff.ts';
import { within } from '../../../shared/clock.ts';
import { defaultLimits } from '../../../shared/quotas.ts';
import { olderMissions } from '../../directory/missions.ts';
import { quotaOf } from '../../directory/quotas.ts';
import { logError } from '../../log.ts';
import { getMission, type Mission } from '../missions/missions.ts';
import { foreignText, nobody, tooManyText } from '../missions/nobody.ts';
import { atomically } from '../remembered.ts';
import { missionsOf } from '../usage/usage.ts';
import { dueOf, type Effect, postpone, settle, want } from './effects.ts';
import { fewAtOnce } from './few-at-once.ts';
import { disown } from './foreign.ts';
import { askAgainAt, attemptLimitMs } from './patience.ts';
import type { Telling } from './telling.ts';

/** Wait after an account could not be asked, doubling. */
const minWaitMs = 500;
const maxWaitMs = 60_000;

/** Adopted missions that nobody was asked about yet: while nobody can be, a host opens no more. */
const mostUnasked = defaultLimits.missions;

/**
 * In the transaction that adopts them. Throws where too many were not asked about: then nothing is stored, the link
 * ends, and the host repeats it.
 */
export const wantAdopted = (sql: SqlStorage, opened: readonly { id: string }[]): void => {
  if (opened.length === 0) return;
  const unasked = "SELECT count(*) AS n FROM (SELECT 1 FROM effects WHERE kind = 'adopted' LIMIT ?)";
  if (sql.exec<{ n: number }>(unasked, mostUnasked).one().n >= mostUnasked)
    throw new Error(`${mostUnasked} missions that this server opened were not asked about yet`);
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

const askOne = async (telling: Telling, owner: string, adopted: readonly Effect[]): Promise<void> => {
  const { host, directory, accounts, onTakenBack } = telling;
  const { sql, storage, now } = host;
  const ids = adopted.map(({ key }) => key);
  try {
    const foreign = owner === nobody ? [] : await accounts.elsewhere(owner, directory.host, ids);
    const [other] = atomically(storage, () => disown(host, foreign));
    if (other !== undefined) onTakenBack(foreignText(other));
    const here = ids.flatMap((id) => getMission(sql, id) ?? []).filter((mission) => mission.owner === owner);
    const { limit, older } = owner === nobody ? nothing : await knownOf(telling, owner, here);
    const [more] = atomically(storage, () => {
      for (const effect of adopted) settle(sql, effect);
      const made = here.flatMap(({ id }) => (older.has(id) ? [] : [id]));
      return disown(host, made.slice(0, Math.max(0, missionsOf(sql, owner) - limit)));
    });
    if (more !== undefined) onTakenBack(tooManyText(more, limit));
  } catch (cause) {
    for (const effect of adopted) {
      const failures = postpone(sql, effect, (tries) => now() + doubled(minWaitMs, maxWaitMs, tries));
      if (failures === 1) logError('account.away', cause);
    }
  }
};

/** How many missions an owner may have here, and which of these D1 knew before they were adopted. */
interface KnownOf {
  limit: number;
  older: ReadonlySet<string>;
}
const nothing: KnownOf = { limit: 0, older: new Set() };

/** Rejects where D1 does not say. */
const knownOf = async (
  { host: { sql, now }, directory: { db, host }, clock }: Telling,
  owner: string,
  adopted: readonly Mission[],
): Promise<KnownOf> => {
  if (askAgainAt(sql) > now()) throw new Error('D1 is away');
  const asked = Promise.all([quotaOf(db, owner, 'missions'), olderMissions(db, host, adopted)]);
  const [limit, older] = await within(clock, attemptLimitMs(sql), asked, (): never => {
    throw new Error('D1 did not answer');
  });
  return { limit, older: new Set(older) };
};
