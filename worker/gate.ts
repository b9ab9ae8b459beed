import type { MiddlewareHandler } from 'hono';
import { AppError, assertNever } from '../shared/errors.ts';
import { hostnameOf, isLoopbackName } from '../shared/loopback.ts';
import { adminScopes, neededScope, userScopes } from '../shared/scopes.ts';
import { isKept } from './account/kept.ts';
import { loginOf, verifyToken } from './auth/jwt.ts';
import { type AuthMode, authMode, devUser, isAdmin, passwordMark, singleUser } from './auth/mode.ts';
import { isSocketRequest, socketToken } from './auth/socket.ts';
import { sameSecret } from './digest.ts';
import type { Env } from './env.ts';
import { bearerOf } from './http/bearer.ts';
import type { Bound, Context } from './http/context.ts';
import { declaredRoute, routesAt } from './http/declared.ts';
import { type Principal, requireScope } from './principal.ts';

/**
 * Lets a request in as who its route is declared for (shared/routes), or refuses it with the contract's texts: the one
 * place that finds out who asks, and compares what the principal may with what the declaration needs. Every path below
 * /api passes here first; one that is not declared is for users, so that nobody else learns which paths there are. With
 * authentication off only pages and programs of this machine get in: Host and Origin must be loopback names (a browser
 * sets both itself, so neither another web site nor DNS rebinding can fake them).
 */
export const gate: MiddlewareHandler<Bound> = async (c, next) => {
  const mode = authMode(c.env);
  if (mode.kind === 'disabled') refuseForeign(c);
  const route = declaredRoute(c.req.method, c.req.path);
  const who = route?.who ?? (isForOthers(c.req.path) ? 'public' : 'user');
  switch (who) {
    case 'public':
    // A server shows its credential to the route itself, which needs to know which server it is.
    case 'host':
      return next();
    case 'launcher':
      if (!isThereALauncher(c.env)) return c.body(null, 404);
      requireLauncher(c);
      return next();
    case 'user':
    case 'resident':
    case 'admin': {
      const principal = await principalOf(c, mode);
      const does = route === null || route.method === 'GET' ? 'read' : 'change';
      requireScope(principal, neededScope(who, does), route?.refusal);
      c.set('principal', principal);
      return next();
    }
    default:
      return assertNever(who);
  }
};

/** A path where some method needs no user's token: who is there without one is told that another method is wrong. */
const isForOthers = (path: string): boolean =>
  routesAt(path).some(({ who }) => !['user', 'resident', 'admin'].includes(who));

const isThereALauncher = (env: Env): boolean => env.EDGE !== undefined && Boolean(env.INTERNAL_TOKEN);

const requireLauncher = (c: Context): void => {
  if (!sameSecret(bearerOf(c) ?? '', c.env.INTERNAL_TOKEN ?? ''))
    throw new AppError('unauthorised', 'Wrong internal token');
};

const principalOf = async (c: Context, mode: AuthMode): Promise<Principal> => {
  switch (mode.kind) {
    case 'disabled':
      return { user: { id: devUser, name: devUser }, login: null, scopes: adminScopes };
    case 'single_tenant':
      return principalOfToken(c, mode, (id) =>
        id === singleUser ? { user: { id, name: id }, scopes: adminScopes } : null,
      );
    case 'multi_user':
      return principalOfToken(c, mode, (id) => {
        const found = mode.users.find((user) => user.id === id);
        if (!found) return null;
        const scopes = isAdmin(mode.users, found) ? adminScopes : userScopes;
        return { user: { id: found.id, name: found.username }, scopes };
      });
    case 'misconfigured':
      throw new AppError('internal', mode.message);
    default:
      return assertNever(mode);
  }
};

/**
 * Who shows a token that is good: signed by us, not expired, of a user that there is and of the password that they have
 * now, and of a login that nobody has ended.
 */
const principalOfToken = async (
  c: Context,
  mode: Extract<AuthMode, { secret: string }>,
  find: (id: string) => Omit<Principal, 'login'> | null,
): Promise<Principal> => {
  const claims = await verifyToken(tokenIn(c), mode.secret, c.env.clock.now());
  if (!claims) throw notGood();
  const found = find(claims.sub);
  if (!found) throw new AppError('unauthorised', 'Invalid user');
  const login = loginOf(claims);
  if (login.passwordMark !== passwordMark(mode, found.user.id)) throw notGood();
  if (!(await isKept(c.env, found.user.id, login))) throw notGood();
  return { ...found, login };
};

/** Clients are never told which check failed. */
const notGood = () => new AppError('unauthorised', 'Invalid or expired token');

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
    if (value === undefined || isLoopbackName(hostnameOf(value) ?? '')) continue;
    const reason = `${header} is not this machine, and authentication is off (DEV_MODE=true)`;
    throw new AppError('forbidden', `Refused: ${reason}. Use http://127.0.0.1, or set a password and unset DEV_MODE`);
  }
};
