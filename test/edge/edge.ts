// The real app in workerd, asked directly, so that each test chooses its variables; D1 and the objects are the real
// ones.

import { env, runInDurableObject } from 'cloudflare:test';
import { createHash, randomUUID } from 'node:crypto';
import { systemClock } from '../../shared/clock.ts';
import type { Scope } from '../../shared/scopes.ts';
import { accountOf } from '../../worker/account/account-of.ts';
import { app } from '../../worker/app.ts';
import { Attempts } from '../../worker/attempts.ts';
import { signToken } from '../../worker/auth/jwt.ts';
import { authMode, passwordMark } from '../../worker/auth/mode.ts';
import { applyMigrations } from '../../worker/directory/migrations.ts';
import type { Env } from '../../worker/env.ts';
import type { Principal } from '../../worker/principal.ts';
import { Reading } from '../../worker/reading.ts';
import { asDeclared } from '../support/declared-answer.ts';
import { type HandClock, handClock } from '../support/hand-clock.ts';
import { password, passwordOf } from '../support/passwords.ts';
import { watchD1 } from './plans.ts';

export { password } from '../support/passwords.ts';

export const origin = 'http://127.0.0.1:8787';
export const secret = 'a secret of these tests';
export const internalToken = 'internal-token-of-these-tests';

/** An embedded edge with one password and the clock of this machine; `undefined` removes a variable. */
export const edgeEnv = ({
  clock = systemClock,
  ...variables
}: Partial<Omit<Env, 'DB' | 'HOST' | 'RELAY' | 'ACCOUNT'>> = {}): Env => ({
  clock,
  attempts: new Attempts(),
  reading: new Reading(),
  later,
  DB: watchD1(env.DB),
  HOST: env.HOST,
  RELAY: env.RELAY,
  ACCOUNT: env.ACCOUNT,
  EDGE: 'embedded',
  LISTEN: '127.0.0.1',
  DASHBOARD_PASSWORD: password,
  JWT_SECRET: secret,
  INTERNAL_TOKEN: internalToken,
  ...variables,
});

/** What goes on that no answer waits for. */
const goingOn = new Set<Promise<unknown>>();
const later = (work: Promise<unknown>): void => {
  goingOn.add(work);
  void work.then(() => goingOn.delete(work));
};

/** Resolves when nothing of it goes on any more. */
export const settled = async (): Promise<void> => {
  while (goingOn.size > 0) await Promise.all(goingOn);
};

/** Somebody who is logged in, and may this. */
export const principalWith = (scopes: readonly Scope[]): Principal => ({
  user: { id: 'u1', name: 'ada' },
  login: null,
  scopes,
});

/** One request to the app. A `json` body is sent as such. */
export const request = async (
  path: string,
  init: RequestInit & { json?: unknown } = {},
  bound: Env = edgeEnv(),
): Promise<Response> => {
  const { json, ...rest } = init;
  const headers = new Headers(rest.headers);
  if (json !== undefined) headers.set('Content-Type', 'application/json');
  const body = json === undefined ? rest.body : JSON.stringify(json);
  const asked = new Request(`${origin}${path}`, { ...rest, headers, body });
  return asDeclared(asked.method, asked.url, await app.fetch(asked, bound));
};

/** The same as a user with a valid token. */
export const asUser =
  (id: string, bound: Env = edgeEnv({ OPEN_AGENT_USERS: users('default', 'ada', 'bob') })) =>
  async (path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${await tokenOf(id, { bound })}`);
    return request(path, { ...init, headers }, bound);
  };

/** A user of an edge whose time the test moves. */
export const onHandClock = (id: string): { clock: HandClock; user: ReturnType<typeof asUser> } => {
  // Tokens and rows of these tests are of the present.
  const clock = handClock(Date.now());
  return { clock, user: asUser(id, edgeEnv({ clock, OPEN_AGENT_USERS: users('default', 'ada', 'bob') })) };
};

/** A team: `ada` is its admin, `bob` and `mallory` are not. */
export const teamUsers = JSON.stringify(
  ['ada', 'bob', 'mallory'].map((username) => ({
    username,
    password: passwordOf(username),
    admin: username === 'ada',
  })),
);

export const users = (...names: string[]): string =>
  JSON.stringify(names.map((username) => ({ username, password: passwordOf(username) })));

interface TokenOptions {
  expiresInS?: number;
  key?: string;
  /** Where the login was; else an edge where this user has the password of these tests. */
  bound?: Env;
}

/** A token as a login gives it. */
export const tokenOf = async (
  sub: string,
  { expiresInS = 3600, key = secret, bound = edgeEnv({ OPEN_AGENT_USERS: users(sub) }) }: TokenOptions = {},
): Promise<string> => {
  const now = Math.floor(Date.now() / 1000);
  const login = {
    jti: randomUUID(),
    gen: await accountOf(env, sub).generation(),
    pwd: passwordMark(authMode(bound), sub) ?? 'of nobody',
  };
  return signToken({ sub, usr: sub, iat: now - 10, exp: now + expiresInS, ...login }, key);
};

export const migrate = (): Promise<string[]> => applyMigrations(env.DB);

/**
 * Empties the directory, gives it tables, and lets the accounts forget the servers of other tests; the objects of these
 * have ids of their own and are in nobody's way.
 */
export const freshDirectory = async (): Promise<void> => {
  await migrate();
  await settled();
  await env.DB.batch((await directoryTables()).map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  await Promise.all(['default', 'ada', 'bob', 'alice', 'mallory', 'u1'].map(freshAccount));
};

/** Looks at, or changes, what the account of a user has stored. */
export const inAccount = <T>(user: string, look: (sql: SqlStorage) => T): Promise<T> =>
  runInDurableObject(env.ACCOUNT.getByName(user), (_object, { storage }) => look(storage.sql));

/**
 * Accounts are of a user's name: they would send the next message to a mission of the test before, and show its
 * servers.
 */
const freshAccount = async (user: string): Promise<void> => {
  await accountOf(env, user).setCurrent(null);
  await inAccount(user, (sql) => {
    for (const table of ['servers', 'reserved']) sql.exec(`DELETE FROM ${table}`);
  });
};

/** The tables of the directory, without those of D1 itself and the list of its migrations. */
export const directoryTables = async (): Promise<string[]> => {
  const own =
    "type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' AND name <> 'd1_migrations'";
  const { results } = await env.DB.prepare(`SELECT name FROM sqlite_master WHERE ${own}`).all<{ name: string }>();
  return results.map(({ name }) => name);
};

export interface EnrolledHost {
  id: string;
  credential: string;
  workspaceId: string;
}

/** Enrols a server as the launcher does. */
export const enrol = async (given: { id?: string; epoch?: number } = {}): Promise<EnrolledHost> => {
  const host = { id: given.id ?? randomUUID(), credential: randomUUID(), workspaceId: randomUUID() };
  const credential_sha256 = createHash('sha256').update(host.credential).digest('hex');
  const row = { id: host.id, name: 'test', credential_sha256, epoch: given.epoch ?? 1, workspace_id: host.workspaceId };
  const response = await request('/api/internal/setup', {
    method: 'POST',
    json: { host: row },
    headers: { Authorization: `Bearer ${internalToken}` },
  });
  if (!response.ok) throw new Error(`setup answered ${response.status}: ${await response.text()}`);
  return host;
};
