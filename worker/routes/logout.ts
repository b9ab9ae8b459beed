import { AppError } from '../../shared/errors.ts';
import { generalRoutes } from '../../shared/routes/general.ts';
import { askAccount } from '../account/asked.ts';
import { askAgain } from '../account/kept.ts';
import { isUser } from '../auth/mode.ts';
import { on, type Served } from '../http/on.ts';

/**
 * `POST /api/auth/logout`: ends one login or all of a user, `POST /api/auth/users/:id/logout` those of another. What
 * was begun with an ended login ends within a moment (worker/account/hold), and the gate refuses its token from then on
 * (architecture §5 says how soon elsewhere).
 */
export const logout: Served[] = [
  on(generalRoutes.logout, async ({ c, user, principal: { login }, body }) => {
    if (login === null) throw new AppError('bad_request', withoutLogins);
    const { id, endsAtMs } = login;
    await askAccount(c.env, user.id, async (account) =>
      body.everywhere ? account.endLogins() : account.endLogin({ id, endsAtMs }),
    );
    askAgain();
    return { ok: true };
  }),
  on(generalRoutes.logoutUser, async ({ c, principal: { login }, params: { id } }) => {
    if (login === null) throw new AppError('bad_request', withoutLogins);
    if (!isUser(c.env, id)) throw new AppError('not_found', `There is no user ${id}`);
    await askAccount(c.env, id, async (account) => account.endLogins());
    askAgain();
    return { ok: true };
  }),
];

const withoutLogins = 'Authentication is off (DEV_MODE=true): there are no logins to end';
