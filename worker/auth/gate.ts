import type { MiddlewareHandler } from 'hono';
import { AppError, assertNever } from '../../shared/errors.ts';
import { bearerOf } from '../http/bearer.ts';
import type { Bound, Context, User } from '../http/context.ts';
import { verifyToken } from './jwt.ts';
import { hostnameOf, isLoopback } from './loopback.ts';
import { authMode, devUser, isAdmin, singleUser } from './mode.ts';
import { isSocketRequest, socketToken } from './socket.ts';

/** Paths with another proof of their own, or none (contract §1.2). */
const openPaths = new Set([
  '/api/health',
  '/api/auth/login',
  '/api/host/link',
  '/api/hosts/enrol',
  '/api/internal/setup',
]);
/** The dials of host-agents for one transfer each. */
const relayPath = '/api/host/relay/';

/**
 * Lets a request in as its user, or refuses it with the contract's 401 texts. Every path below /api passes here first,
 * unknown ones too. With authentication off only this machine's own pages and programs get in: the names a browser
 * cannot be talked out of sending are checked, so that neither another site nor DNS rebinding reaches us.
 */
export const gate: MiddlewareHandler<Bound> = async (c, next) => {
  const mode = authMode(c.env);
  if (mode.kind === 'disabled') refuseForeign(c);
  if (openPaths.has(c.req.path) || c.req.path.startsWith(relayPath)) return next();
  switch (mode.kind) {
    case 'disabled':
      c.set('user', { id: devUser, name: devUser, isAdmin: true });
      break;
    case 'single_tenant':
      c.set(
        'user',
        await userOfToken(c, mode.secret, (id) => (id === singleUser ? { id, name: id, isAdmin: true } : null)),
      );
      break;
    case 'multi_user': {
      const find = (id: string): User | null => {
        const found = mode.users.find((user) => user.id === id);
        return found ? { id: found.id, name: found.username, isAdmin: isAdmin(mode.users, found) } : null;
      };
      c.set('user', await userOfToken(c, mode.secret, find));
      break;
    }
    case 'misconfigured':
      throw new AppError('internal', mode.message);
    default:
      assertNever(mode);
  }
  return next();
};

const userOfToken = async (c: Context, secret: string, find: (id: string) => User | null): Promise<User> => {
  const token = tokenIn(c);
  const claims = await verifyToken(token, secret, Date.now());
  if (!claims) throw new AppError('unauthorised', 'Invalid or expired token');
  const user = find(claims.sub);
  if (!user) throw new AppError('unauthorised', 'Invalid user');
  return user;
};

/** The token of a request, from the header or, where a browser dials a socket, from its subprotocols. */
const tokenIn = (c: Context): string => {
  const isSocket = isSocketRequest(c);
  const token = isSocket ? socketToken(c) : bearerOf(c);
  if (token) return token;
  throw new AppError('unauthorised', isSocket ? 'Missing websocket JWT' : 'Missing Authorization header');
};

const refuseForeign = (c: Context): void => {
  const names = { Host: c.req.header('Host') ?? new URL(c.req.url).host, Origin: c.req.header('Origin') };
  for (const [header, value] of Object.entries(names)) {
    if (value === undefined || isLoopback(hostnameOf(value) ?? '')) continue;
    const reason = `${header} is not this machine, and authentication is off (DEV_MODE=true)`;
    throw new AppError('forbidden', `Refused: ${reason}. Use http://127.0.0.1, or set a password and unset DEV_MODE`);
  }
};
