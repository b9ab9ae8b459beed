import { AppError, assertNever } from '../../shared/errors.ts';
import { userNameText } from '../../shared/password.ts';
import { signToken } from './jwt.ts';
import { type AuthMode, singleUser } from './mode.ts';
import { isPassword } from './password.ts';

const daySeconds = 24 * 3600;
/** Contract §1.2. */
const defaultTtlDays = 30;

/** The id of the user these credentials belong to, or the contract's 401 texts (§2.1). */
export const checkCredentials = (
  mode: AuthMode,
  password: string,
  username: string | null,
): { id: string; name: string; secret: string } => {
  switch (mode.kind) {
    case 'disabled':
      throw new AppError('bad_request', 'Authentication is off (DEV_MODE=true): no login is needed');
    case 'misconfigured':
      throw new AppError('internal', mode.message);
    case 'single_tenant':
      if (!isPassword(mode.password, password)) throw new AppError('unauthorised', 'Invalid password');
      return { id: singleUser, name: singleUser, secret: mode.secret };
    case 'multi_user': {
      const name = userNameText(username ?? '');
      if (name === '') throw new AppError('unauthorised', 'Username required');
      const found = mode.users.find((user) => user.username === name);
      // An unknown name costs the same work as a known one, so that time doesn't tell which names exist.
      const matches = isPassword((found ?? mode.users[0])?.password ?? '', password);
      if (!found || !matches) throw new AppError('unauthorised', 'Invalid username or password');
      return { id: found.id, name: found.username, secret: mode.secret };
    }
    default:
      return assertNever(mode);
  }
};

/** A token for a user; `exp` in unix seconds, at least one day ahead. */
export const issueToken = async (
  user: { id: string; name: string; secret: string },
  ttlDaysText: string | undefined,
  nowMs: number,
): Promise<{ token: string; exp: number }> => {
  const text = ttlDaysText?.trim() || String(defaultTtlDays);
  // What Number takes besides digits (1e3, 0x10) is more likely a slip than meant.
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days < 1) throw new AppError('internal', 'JWT_TTL_DAYS must be a whole number from 1');
  const iat = Math.floor(nowMs / 1000);
  const exp = iat + days * daySeconds;
  return { token: await signToken({ sub: user.id, usr: user.name, iat, exp }, user.secret), exp };
};
