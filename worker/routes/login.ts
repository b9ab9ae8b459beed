import { generalRoutes } from '../../shared/routes/general.ts';
import { clientAddress } from '../auth/address.ts';
import { checkCredentials, issueToken } from '../auth/login.ts';
import { countAttempt, forgiveFailures, limitKey } from '../auth/login-limit.ts';
import { authMode } from '../auth/mode.ts';
import { directory } from '../directory/directory.ts';
import { on, type Served } from '../http/on.ts';

/** `POST /api/auth/login`: a token for a password (contract §2.1). */
export const login: Served[] = [
  on(generalRoutes.login, async ({ c, body: { password, username } }) => {
    const mode = authMode(c.env);
    if (mode.kind === 'disabled' || mode.kind === 'misconfigured') checkCredentials(mode, password, username);

    const db = directory(c.env);
    const key = limitKey(clientAddress(c), mode.kind === 'multi_user' ? (username ?? '') : '');
    await countAttempt(db, key, c.env.clock.now());
    const user = checkCredentials(mode, password, username);
    const issued = await issueToken(user, c.env.JWT_TTL_DAYS, c.env.clock.now());
    await forgiveFailures(db, key);
    return issued;
  }),
];
