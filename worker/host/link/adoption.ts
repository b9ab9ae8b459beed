/**
 * Missions that a host opens and this object does not know: it was put back to before they were made, and adopts them.
 * One host must not write into another's missions, so the account of the owner that the host names is asked: it
 * remembers where its missions are, and needs no D1. One that names another owner than the mission's shows nothing to
 * anybody but that owner. What an account has forgotten is found out when D1 is told (effects/foreign.ts).
 */
import type { AccountsAsked } from '../effects/telling.ts';

export interface Opened {
  id: string;
  owner: string;
}

/**
 * One of these that is on another server, or null. Rejects where an account can't be reached. Frames that come
 * meanwhile wait.
 */
export const foreignMission = async (
  ctx: DurableObjectState,
  opened: readonly Opened[],
  server: string,
  elsewhere: AccountsAsked['elsewhere'],
): Promise<string | null> => {
  if (opened.length === 0) return null;
  const askAll = [...Map.groupBy(opened, ({ owner }) => owner)].map(([owner, missions]) => {
    const ids = missions.map(({ id }) => id);
    return () => elsewhere(owner, server, ids);
  });
  // If the promise rejected inside blockConcurrencyWhile, the object would be reset and every viewer cut off.
  const asked = await ctx.blockConcurrencyWhile(() => Promise.allSettled(askAll.map(async (ask) => ask())));
  const failed = asked.find((answer) => answer.status === 'rejected');
  if (failed) throw failed.reason;
  return asked.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value ?? []) : []))[0] ?? null;
};

export const foreignText = (mission: string): string => `mission ${mission} belongs to another server`;
