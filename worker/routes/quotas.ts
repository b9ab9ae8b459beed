import { AppError } from '../../shared/errors.ts';
import type { QuotaChanges } from '../../shared/quotas.ts';
import { quotaRoutes } from '../../shared/routes/quotas.ts';
import { isUser } from '../auth/mode.ts';
import { directory } from '../directory/directory.ts';
import { everybody, writeQuotas } from '../directory/quotas.ts';
import type { Env } from '../env.ts';
import { quotasOf } from '../hosts/quotas.ts';
import { on, type Served } from '../http/on.ts';
import { forgetLimits } from '../quotas/limits.ts';

/** Quotas, shown to whom they are for and changed by admins. */
export const quotas: Served[] = [
  on(quotaRoutes.mine, ({ c, user }) => quotasOf(c.env, user.id)),
  on(quotaRoutes.change, ({ c, body }) => change(c.env, everybody, body)),
  on(quotaRoutes.ofUser, ({ c, params: { user } }) => quotasOf(c.env, known(c.env, user))),
  on(quotaRoutes.changeOfUser, ({ c, params: { user }, body }) => change(c.env, known(c.env, user), body)),
];

const known = (env: Env, user: string): string => {
  if (isUser(env, user)) return user;
  throw new AppError('not_found', `There is no user ${user}: name the id, or the name of a user without one`);
};

const change = async (env: Env, owner: string, changes: QuotaChanges) => {
  await writeQuotas(directory(env), owner, changes, env.clock.now());
  forgetLimits();
  return { ok: true as const };
};
