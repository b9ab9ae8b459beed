import { createHmac } from 'node:crypto';
import * as z from 'zod';
import { assertNever } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/loopback.ts';
import { userNameText } from '../../shared/password.ts';
import type { Bindings } from '../env.ts';
import type { Login } from '../principal.ts';

const account = z
  .object({
    id: z.string().nullish(),
    username: z.string().transform(userNameText).pipe(z.string().min(1)),
    password: z.string().trim().min(1),
    admin: z.boolean().nullish(),
  })
  .transform(({ id, username, password, admin }) => ({
    id: id?.trim() || username,
    username,
    password,
    admin: admin ?? false,
  }));
export type Account = z.infer<typeof account>;

/** How requests are authenticated (contract §1.2). `misconfigured` carries the text that names the variable to set. */
export type AuthMode =
  | { kind: 'disabled' }
  | { kind: 'single_tenant'; password: string; secret: string }
  | { kind: 'multi_user'; users: Account[]; secret: string }
  | { kind: 'misconfigured'; message: string };

/** The mode the configuration asks for. Off only on this machine's own loopback (architecture §3, 9). */
export const authMode = (env: Bindings): AuthMode => {
  if (env.DEV_MODE?.trim() === 'true') return modeWithoutAuthentication(env);
  const users = configuredUsers(env.OPEN_AGENT_USERS ?? '');
  if (typeof users === 'string') return { kind: 'misconfigured', message: users };
  const secret = env.JWT_SECRET?.trim();
  const password = env.DASHBOARD_PASSWORD?.trim();
  if (users.length === 0 && !password) {
    return { kind: 'misconfigured', message: 'No login is configured: set DASHBOARD_PASSWORD or OPEN_AGENT_USERS' };
  }
  if (!secret) return { kind: 'misconfigured', message: 'JWT_SECRET not configured: set it to a long random text' };
  if (users.length > 0) return { kind: 'multi_user', users, secret };
  return { kind: 'single_tenant', password: password ?? '', secret };
};

/** The one user of a server without a list, and the one of a server without authentication (contract §1.2). */
export const singleUser = 'default';
export const devUser = 'dev';

/** Who may add and remove servers: the users marked as admins, everyone where none is marked. */
export const isAdmin = (users: readonly Account[], user: Account): boolean =>
  user.admin || users.every(({ admin }) => !admin);

/** Whether a user of this id exists now; one that was removed from the configuration does not. */
export const isUser = (env: Bindings, id: string): boolean => {
  const mode = authMode(env);
  return mode.kind === 'disabled' ? id === devUser : passwordMark(mode, id) !== null;
};

/** The ids of those who are admins now. */
export const adminsNow = (env: Bindings): string[] => {
  const mode = authMode(env);
  switch (mode.kind) {
    case 'disabled':
      return [devUser];
    case 'single_tenant':
      return [singleUser];
    case 'multi_user':
      return mode.users.flatMap((user) => (isAdmin(mode.users, user) ? [user.id] : []));
    case 'misconfigured':
      return [];
    default:
      return assertNever(mode);
  }
};

/** Whether a user of this id exists now and is an admin. */
export const isAdminNow = (env: Bindings, id: string): boolean => adminsNow(env).includes(id);

/** Whether a login is one of this user as the configuration is now; `null` is good only where authentication is off. */
export const isGoodFor = (env: Bindings, id: string, login: Pick<Login, 'passwordMark'> | null): boolean => {
  const mode = authMode(env);
  if (mode.kind === 'disabled') return login === null && id === devUser;
  return login !== null && passwordMark(mode, id) === login.passwordMark;
};

/**
 * Says which password a user has, and nothing about it to whoever lacks the key: a login carries it, and ends when the
 * configured text is another. Null where there is no such user.
 */
export const passwordMark = (mode: AuthMode, id: string): string | null => {
  switch (mode.kind) {
    case 'single_tenant':
      return id === singleUser ? markOf(mode.secret, id, mode.password) : null;
    case 'multi_user': {
      const user = mode.users.find((each) => each.id === id);
      return user ? markOf(mode.secret, id, user.password) : null;
    }
    case 'disabled':
    case 'misconfigured':
      return null;
    default:
      return assertNever(mode);
  }
};

/** The key of tokens has another use, so what is signed here says what it is. */
const markOf = (secret: string, id: string, password: string): string =>
  createHmac('sha256', secret)
    .update(JSON.stringify(['password', id, password]))
    .digest('base64url');

const modeWithoutAuthentication = (env: Bindings): AuthMode => {
  if (env.EDGE === undefined) {
    return { kind: 'misconfigured', message: 'DEV_MODE=true would open this deployment to everyone: remove DEV_MODE' };
  }
  if (!isLoopback(env.LISTEN ?? '')) {
    const message = 'DEV_MODE=true turns authentication off, which is allowed on loopback only: unset DEV_MODE or HOST';
    return { kind: 'misconfigured', message };
  }
  return { kind: 'disabled' };
};

/**
 * The user list, empty when there is none, or a text saying what is wrong with it. Never quotes the list: it holds
 * passwords.
 */
const configuredUsers = (text: string): Account[] | string => {
  if (text.trim() === '') return [];
  const wrong =
    'OPEN_AGENT_USERS must be a JSON array of {"id"?, "username", "password", "admin"?}, none of them blank';
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return wrong;
  }
  const parsed = z.array(account).safeParse(json);
  if (!parsed.success) return wrong;
  const ids = new Set(parsed.data.map((user) => user.id));
  const names = new Set(parsed.data.map((user) => user.username));
  if (ids.size < parsed.data.length || names.size < parsed.data.length) {
    return 'OPEN_AGENT_USERS names a user or an id twice';
  }
  return parsed.data;
};

/** What `/api/health` reports; a misconfigured server still wants a login, once it is configured. */
export const reportedMode = (env: Bindings): 'disabled' | 'single_tenant' | 'multi_user' => {
  const mode = authMode(env);
  if (mode.kind !== 'misconfigured') return mode.kind;
  return env.OPEN_AGENT_USERS?.trim() ? 'multi_user' : 'single_tenant';
};
