import { type QuotaJson, quotaNames, quotas } from '../../shared/quotas.ts';
import { askAccount } from '../account/asked.ts';
import type { Env } from '../env.ts';
import type { Usage } from '../host/usage/usage.ts';
import { limitsOf } from '../quotas/limits.ts';
import { askEach } from './each.ts';
import { callObject } from './object.ts';
import { allServersOfOwner } from './of-user.ts';

/** A user's quotas with what is used of each: of several servers, where it is most. */
export const quotasOf = async (env: Env, owner: string): Promise<QuotaJson[]> => {
  const [limits, hosts, streams] = await Promise.all([
    limitsOf(env, owner),
    allServersOfOwner(env, owner),
    askAccount(env, owner, async (account) => account.streams()),
  ]);
  const { answers } = await askEach(hosts, (host) => callObject(env, host, (object) => object.usage(owner)));
  return quotaNames.map((name) => {
    const { default: byDefault, unit, per, reason } = quotas[name];
    if (name === 'place_bytes') return { name, limit: limits[name], default: byDefault, used: null, unit, per, reason };
    const used = Math.max(0, ...[...answers, { streams }].map((usage: Usage) => usage[name] ?? 0));
    return { name, limit: limits[name], default: byDefault, used, unit, per, reason };
  });
};
