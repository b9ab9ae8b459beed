import { loginBody } from '../../shared/api.ts';
import { clientAddress } from '../auth/address.ts';
import { checkCredentials, issueToken } from '../auth/login.ts';
import { countAttempt, forgiveFailures, limitKey } from '../auth/login-limit.ts';
import { authMode } from '../auth/mode.ts';
import { directory } from '../directory/directory.ts';
import { exactBody } from '../http/body.ts';
import { routes } from '../http/context.ts';

/** `POST /api/auth/login`: a token for a password (contract §2.1). */
export const login = routes().post('/', async (c) => {
  const { password, username } = await exactBody(c, loginBody);
  const mode = authMode(c.env);
  if (mode.kind === 'disabled' || mode.kind === 'misconfigured') checkCredentials(mode, password, username);

  const db = directory(c.env);
  const key = limitKey(clientAddress(c), mode.kind === 'multi_user' ? (username ?? '') : '');
  await countAttempt(db, key, Date.now());
  const user = checkCredentials(mode, password, username);
  const issued = await issueToken(user, c.env.JWT_TTL_DAYS, Date.now());
  await forgiveFailures(db, key);
  return c.json(issued);
});
