import { type QuotaJson, quotaNames, quotas } from '../../shared/quotas.ts';
import { accountOf } from '../account/account-of.ts';
import { directory } from '../directory/directory.ts';
import { hostsOfOwner } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import type { Usage } from '../host/usage/usage.ts';
import { limitsOf } from '../quotas/limits.ts';
import { callObject } from './object.ts';

/** A user's quotas with what is used of each: of several servers, where it is most. */
export const quotasOf = async (env: Env, owner: string): Promise<QuotaJson[]> => {
  const [limits, hosts, streams] = await Promise.all([
    limitsOf(env, owner),
    hostsOfOwner(directory(env), owner),
    accountOf(env, owner).streams(),
  ]);
  const usages = await Promise.all(hosts.map((host) => callObject(env, host, (object) => object.usage(owner))));
  return quotaNames.map((name) => {
    const { default: byDefault, unit, per, reason } = quotas[name];
    const used = Math.max(0, ...[...usages, { streams }].map((usage: Usage) => usage[name] ?? 0));
    return { name, limit: limits[name], default: byDefault, used, unit, per, reason };
  });
};
