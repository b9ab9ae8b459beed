// How a login ends: by another password, by its expiry, by its user, by an admin; and what it had begun ends with it.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { accountOf } from '../../worker/account/account-of.ts';
import { believedForMs, keptForMs } from '../../worker/account/kept.ts';
import type { Env } from '../../worker/env.ts';
import type { Login } from '../../worker/principal.ts';
import { handClock } from '../support/hand-clock.ts';
import { passwordOf } from '../support/passwords.ts';
import { asUser, edgeEnv, freshDirectory, password, request, tokenOf, users } from './edge.ts';
import { readStream } from './stream-reader.ts';

beforeEach(freshDirectory);

/** An edge with these users, of whom nobody is an admin more than the others unless one is named. */
const edgeOf = (admin?: string): Env => {
  const accounts = ['ada', 'bob'].map((username) => ({
    username,
    password: passwordOf(username),
    admin: username === admin,
  }));
  return edgeEnv({ OPEN_AGENT_USERS: JSON.stringify(accounts) });
};

const logIn = async (username: string, bound = edgeOf()): Promise<string> => {
  const json = { username, password: passwordOf(username) };
  const response = await request('/api/auth/login', { method: 'POST', json }, bound);
  return (await response.json<{ token: string }>()).token;
};

const call = (token: string, path = '/api/control/queue', json?: object, bound = edgeOf()) =>
  request(
    path,
    { method: json ? 'POST' : 'GET', ...(json ? { json } : {}), headers: { Authorization: `Bearer ${token}` } },
    bound,
  );
const status = async (token: string, bound?: Env) => (await call(token, undefined, undefined, bound)).status;
const logOut = (token: string, json: object = {}) => call(token, '/api/auth/logout', json);

const streamOf = async (token: string, query = '', bound = edgeOf()) => {
  const stream = readStream(await call(token, `/api/control/stream${query}`, undefined, bound));
  onTestFinished(() => stream.leave());
  await stream.until(({ text }) => text === ': keepalive');
  return stream;
};

/** The edge whose D1 can be taken away. */
const edgeWithD1 = () => {
  let isAway = false;
  const lost = () => Promise.reject(new Error('D1 is away'));
  const gone = { bind: () => gone, all: lost, run: lost, raw: lost, first: lost };
  const DB = new Proxy(env.DB, {
    get: (db, name) => {
      if (isAway) return name === 'prepare' ? () => gone : lost;
      const value = Reflect.get(db, name);
      return typeof value === 'function' ? value.bind(db) : value;
    },
  });
  return {
    bound: { ...edgeOf(), DB },
    takeAway: () => {
      isAway = true;
    },
  };
};

/** The edge whose accounts are counted when they are asked for logins, or say nothing of them. */
const edgeWithAccounts = () => {
  const clock = handClock(Date.now());
  let asked = 0;
  let isAway = false;
  const getByName = (name: string) => {
    const account = accountOf(env, name);
    return {
      servers: () => account.servers(),
      isKept: (login: Pick<Login, 'id' | 'generation'>) => {
        asked += 1;
        return isAway ? Promise.reject(new Error('moved')) : account.isKept(login);
      },
    };
  };
  const ACCOUNT = { getByName } as unknown as DurableObjectNamespace;
  return {
    clock,
    bound: { ...edgeOf(), clock, ACCOUNT },
    asked: () => asked,
    takeAway: () => {
      isAway = true;
    },
  };
};

test('a token ends with the password that it was made with, and outlives a change of anything else', async () => {
  const token = await tokenOf('default');

  expect(await status(token, edgeEnv())).toBe(200);
  const other = await call(token, undefined, undefined, edgeEnv({ DASHBOARD_PASSWORD: `${password}!` }));
  expect([other.status, await other.text()]).toEqual([401, 'Invalid or expired token']);
  expect(await status(token, edgeEnv({ DASHBOARD_PASSWORD: ` ${password} `, JWT_TTL_DAYS: '7' }))).toBe(200);
  const ofAda = await logIn('ada');
  expect(await status(ofAda, edgeEnv({ OPEN_AGENT_USERS: users('ada', 'carol') }))).toBe(200);
  const renamed = JSON.stringify([{ username: 'ada', password: passwordOf('bob') }]);
  expect(await status(ofAda, edgeEnv({ OPEN_AGENT_USERS: renamed }))).toBe(401);
});

test('logging out ends the login whose token is shown, and no other', async () => {
  const [one, two] = [await logIn('ada'), await logIn('ada')];

  expect(await (await logOut(one)).json()).toEqual({ ok: true });
  expect([await status(one), await status(two)]).toEqual([401, 200]);
  expect((await logOut(one)).status).toBe(401);
});

test('logging out everywhere ends all logins of the user, and the next one is good', async () => {
  const [one, two, other] = [await logIn('ada'), await logIn('ada'), await logIn('bob')];
  await logOut(one, { everywhere: true });

  expect([await status(one), await status(two), await status(other)]).toEqual([401, 401, 200]);
  expect(await status(await logIn('ada'))).toBe(200);
});

test('an admin ends the logins of a user, nobody else does, and a user who is not there has none', async () => {
  const bound = edgeOf('ada');
  const [ada, bob] = [await logIn('ada', bound), await logIn('bob', bound)];
  const end = (token: string, id: string) => call(token, `/api/auth/users/${id}/logout`, {}, bound);

  expect((await end(bob, 'ada')).status).toBe(403);
  expect((await end(ada, 'nobody')).status).toBe(404);
  expect((await end(ada, 'bob')).status).toBe(200);
  expect([await status(ada, bound), await status(bob, bound)]).toEqual([200, 401]);
});

test('where authentication is off there is no login to end', async () => {
  const bound = edgeEnv({ DEV_MODE: 'true' });
  const answers = [
    await request('/api/auth/logout', { method: 'POST' }, bound),
    await request('/api/auth/users/dev/logout', { method: 'POST' }, bound),
  ];

  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(
    Array(2).fill('Authentication is off (DEV_MODE=true): there are no logins to end'),
  );
  expect(answers.map((answer) => answer.status)).toEqual([400, 400]);
});

test('what a login has open ends with it, with D1 away and no server, and what another has open goes on', async () => {
  const { bound, takeAway } = edgeWithD1();
  const [ended, kept] = [await logIn('ada'), await logIn('ada')];
  const [plain, delta] = [await streamOf(ended, '', bound), await streamOf(ended, '?format=delta', bound)];
  const other = await streamOf(kept, '', bound);
  takeAway();
  await call(ended, '/api/auth/logout', {}, bound);

  await Promise.all([plain.ended, delta.ended]);
  expect(await accountOf(env, 'ada').streams()).toBe(1);
  await call(kept, '/api/auth/logout', {}, bound);
  await other.ended;
});

test('a stream ends when its login expires, and its client is told to log in', async () => {
  const bound = edgeOf();
  const token = await tokenOf('bob', { expiresInS: 1, bound });
  const stream = await streamOf(token);
  await stream.ended;
  // The minute that clocks have.
  expect(await status(token)).toBe(200);
  const again = edgeEnv({ OPEN_AGENT_USERS: bound.OPEN_AGENT_USERS, clock: handClock(Date.now() + 62_000) });
  expect(await status(token, again)).toBe(401);
});

test('a stream of somebody who is no user any more ends', async () => {
  // As the Worker knows it, which may be older than the configuration that the objects have.
  const carol = asUser('carol', edgeEnv({ OPEN_AGENT_USERS: users('carol') }));
  const stream = readStream(await carol('/api/control/stream'));
  await stream.ended;
});

test("a page's socket with a server's figures closes with its login", async () => {
  const token = await logIn('ada');
  const headers = { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': `openagent, jwt.${token}` };
  const { webSocket } = await request('/api/monitoring/ws', { headers }, edgeOf());
  const closed = new Promise<number>((resolve) => webSocket?.addEventListener('close', ({ code }) => resolve(code)));
  webSocket?.accept();
  await logOut(token);

  expect(await closed).toBe(4001);
});

test('an account is asked once in a while, not with every request, and a login ended elsewhere is out by then', async () => {
  const { bound, clock, asked } = edgeWithAccounts();
  const token = await tokenOf('ada', { bound });
  const before = asked();
  for (let n = 0; n < 5; n += 1) expect(await status(token, bound)).toBe(200);
  expect(asked() - before).toBe(1);

  await accountOf(env, 'ada').endLogins();
  expect(await status(token, bound)).toBe(200);
  clock.advance(keptForMs);
  expect(await status(token, bound)).toBe(401);
});

test('an account that cannot be asked is believed for a minute, and lets nobody in whom it has not spoken of', async () => {
  const { bound, clock, takeAway } = edgeWithAccounts();
  const token = await tokenOf('ada', { bound });
  expect(await status(token, bound)).toBe(200);
  takeAway();
  clock.advance(believedForMs - 1);
  expect(await status(token, bound)).toBe(200);
  clock.advance(1);
  const answer = await call(token, undefined, undefined, bound);
  expect([answer.status, await answer.text()]).toEqual([
    503,
    'Whether this login is still good cannot be found out now: try again',
  ]);
  expect(await status(await tokenOf('ada', { bound }), bound)).toBe(503);
});
