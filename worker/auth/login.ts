import { AppError, assertNever } from '../../shared/errors.ts';
import { userNameText } from '../../shared/password.ts';
import type { Login } from '../principal.ts';
import { signToken } from './jwt.ts';
import { type AuthMode, singleUser } from './mode.ts';
import { type Derive, isHashed, isPassword } from './password.ts';

const daySeconds = 24 * 3600;
/** Contract §1.2. */
const defaultTtlDays = 30;

/**
 * Whose name of an account this is: what attempts are counted under, whether there is such an account or not. Where
 * there is one password there is one account.
 */
export const accountNamed = (mode: AuthMode, username: string | null): string =>
  mode.kind === 'multi_user' ? userNameText(username ?? '') : '';

/** Whether checking a password takes a hash, for some user of this server at least. */
export const costsHash = (mode: AuthMode): boolean => {
  if (mode.kind === 'single_tenant') return isHashed(mode.password);
  return mode.kind === 'multi_user' && mode.users.some(({ password }) => isHashed(password));
};

/**
 * The user these credentials belong to, or the contract's 401 texts (§2.1). Names that don't exist cost a hash exactly
 * where others do.
 */
export const checkCredentials = async (
  mode: AuthMode,
  password: string,
  username: string | null,
  derive: Derive,
): Promise<{ id: string; name: string; secret: string }> => {
  switch (mode.kind) {
    case 'disabled':
      throw new AppError('bad_request', 'Authentication is off (DEV_MODE=true): no login is needed');
    case 'misconfigured':
      throw new AppError('internal', mode.message);
    case 'single_tenant':
      if (!(await isPassword(mode.password, password, derive))) throw new AppError('unauthorised', 'Invalid password');
      return { id: singleUser, name: singleUser, secret: mode.secret };
    case 'multi_user': {
      const name = userNameText(username ?? '');
      if (name === '') throw new AppError('unauthorised', 'Username required');
      const found = mode.users.find((user) => user.username === name);
      // Time doesn't tell which names exist: each costs a hash, if one of them does.
      const costly = mode.users.find((user) => isHashed(user.password));
      const stored = found?.password ?? '';
      const matches = await isPassword(stored, password, derive);
      if (costly && !isHashed(stored)) await isPassword(costly.password, password, derive);
      if (!found || !matches) throw new AppError('unauthorised', 'Invalid username or password');
      return { id: found.id, name: found.username, secret: mode.secret };
    }
    default:
      return assertNever(mode);
  }
};

/** A token for a user's new login; `exp` in unix seconds, at least one day ahead. */
export const issueToken = async (
  user: { id: string; name: string; secret: string },
  login: Pick<Login, 'generation' | 'passwordMark'>,
  ttlDaysText: string | undefined,
  nowMs: number,
): Promise<{ token: string; exp: number }> => {
  const text = ttlDaysText?.trim() || String(defaultTtlDays);
  // What Number takes besides digits (1e3, 0x10) is more likely a slip than meant.
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days < 1) throw new AppError('internal', 'JWT_TTL_DAYS must be a whole number from 1');
  const iat = Math.floor(nowMs / 1000);
  const exp = iat + days * daySeconds;
  const { generation: gen, passwordMark: pwd } = login;
  const claims = { sub: user.id, usr: user.name, iat, exp, jti: crypto.randomUUID(), gen, pwd };
  return { token: await signToken(claims, user.secret), exp };
};
