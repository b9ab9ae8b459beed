import { env } from 'cloudflare:workers';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { accountOf } from '../../worker/account/account-of.ts';
import { sessionUrl } from '../../worker/account/port.ts';
import { authMode, passwordMark } from '../../worker/auth/mode.ts';
import type { Login } from '../../worker/principal.ts';

/** Each test has servers of its own, since the accounts of the users are there for the whole file. */
const change = (given: { host?: string; log?: string; rev?: number; live?: boolean } = {}) => ({
  host: randomUUID(),
  log: 'a log',
  since: 'start',
  rev: 1,
  live: false,
  ...given,
});

const loginOf = async (user: string, given: Partial<Login> = {}): Promise<Login> => {
  const expiresAtMs = given.expiresAtMs ?? Date.now() + 3_600_000;
  return {
    id: randomUUID(),
    generation: await accountOf(env, user).generation(),
    passwordMark: passwordMark(authMode(env), user) ?? '',
    expiresAtMs,
    endsAtMs: expiresAtMs + 60_000,
    ...given,
  };
};

/** A stream's socket: what it was told, and how it was closed. */
const hold = async (user: string, login: Login | null) => {
  const response = await accountOf(env, user).fetch(sessionUrl(login, 200), { headers: { Upgrade: 'websocket' } });
  const { webSocket } = response;
  if (!webSocket) return response.status;
  const told: unknown[] = [];
  const closed = Promise.withResolvers<number>();
  webSocket.addEventListener('message', ({ data }) => {
    told.push(JSON.parse(String(data)));
  });
  webSocket.addEventListener('close', ({ code }) => closed.resolve(code));
  webSocket.accept();
  await expect.poll(() => told.length).toBe(1);
  return { told, closed: closed.promise, close: () => webSocket.close(1000, 'done') };
};

const heldOpen = async (user: string, login: Login | null) => {
  const stream = await hold(user, login);
  if (typeof stream === 'number') throw new Error(`refused with ${stream}`);
  return stream;
};

test('an account knows the servers that said that they hold something of its user', async () => {
  const [one, two] = [change({ live: true }), change()];
  const account = accountOf(env, 'ada');
  await account.serverChanged(one);
  await account.serverChanged(two);

  expect(await account.servers()).toEqual(
    expect.arrayContaining([
      { host: one.host, log: 'a log', since: 'start', live: true, removed: false, holds: true, news: '' },
      { host: two.host, log: 'a log', since: 'start', live: false, removed: false, holds: true, news: '' },
    ]),
  );
  expect(await accountOf(env, 'bob').servers()).toEqual([]);

  await account.serverChanged({ ...one, rev: 2, gone: true });
  expect((await account.servers()).map(({ host }) => host)).not.toContain(one.host);
});

test('what a server says late, or twice, changes nothing, and what its next log says does', async () => {
  const newest = change({ rev: 7, live: true });
  const account = accountOf(env, 'ada');
  const isLive = async () => (await account.servers()).find(({ host }) => host === newest.host)?.live;
  await account.serverChanged(newest);
  for (const rev of [3, 7]) await account.serverChanged({ ...newest, rev, live: false });

  expect(await isLive()).toBe(true);

  await account.serverChanged({ ...newest, log: 'begun anew', rev: 1, live: false });
  expect(await isLive()).toBe(false);
});

test('a stream is told the servers when it joins and whenever they change, and nothing when they do not', async () => {
  const account = accountOf(env, 'alice');
  const stream = await heldOpen('alice', await loginOf('alice'));
  const first = change();
  await account.serverChanged(first);
  await account.serverChanged({ ...first, rev: 2 });
  await account.serverChanged({ ...first, rev: 3, live: true });
  await account.serverChanged({ ...first, rev: 4, gone: true });
  await account.serverChanged({ ...first, rev: 3, live: true });
  await expect.poll(() => stream.told.length).toBe(4);

  expect(stream.told).toEqual([
    { servers: [] },
    {
      servers: [{ host: first.host, log: 'a log', since: 'start', live: false, removed: false, holds: true, news: '' }],
    },
    {
      servers: [{ host: first.host, log: 'a log', since: 'start', live: true, removed: false, holds: true, news: '' }],
    },
    { servers: [] },
  ]);
  stream.close();
});

test('a stream ends when its login is ended, and those of other logins go on', async () => {
  const account = accountOf(env, 'ada');
  const [ended, kept] = [await loginOf('ada'), await loginOf('ada')];
  const [stream, other] = [await heldOpen('ada', ended), await heldOpen('ada', kept)];
  await account.endLogin(ended);

  expect(await stream.closed).toBe(4001);
  expect(await account.isKept(ended)).toBe(false);
  expect(await hold('ada', ended)).toBe(403);
  const news = change();
  await account.serverChanged(news);
  await expect.poll(() => JSON.stringify(other.told.at(-1))).toContain(news.host);
  expect(await account.isKept(kept)).toBe(true);
  other.close();
});

test('all logins of a user end at once, and the ones made after that are good', async () => {
  const account = accountOf(env, 'bob');
  const before = [await loginOf('bob'), await loginOf('bob')];
  const streams = await Promise.all(before.map((login) => heldOpen('bob', login)));
  await account.endLogins();

  expect(await Promise.all(streams.map(({ closed }) => closed))).toEqual([4001, 4001]);
  expect(await Promise.all(before.map((login) => account.isKept(login)))).toEqual([false, false]);
  const stream = await heldOpen('bob', await loginOf('bob'));
  expect(await account.streams()).toBe(1);
  stream.close();
});

test('a stream ends when its login expires, and one that comes late ends with the minute that clocks have', async () => {
  const soon = Date.now() + 500;
  const [first, next] = await Promise.all([
    heldOpen('ada', await loginOf('ada', { expiresAtMs: soon })),
    heldOpen('ada', await loginOf('ada', { expiresAtMs: soon + 300 })),
  ]);

  expect(await first.closed).toBe(4001);
  expect(await next.closed).toBe(4001);
  const late = await loginOf('ada', { expiresAtMs: Date.now() - 1, endsAtMs: Date.now() + 500 });
  expect(await (await heldOpen('ada', late)).closed).toBe(4001);
  expect(await hold('ada', late)).toBe(403);
});

test('nobody holds a stream who is no user, whose password was changed, or who has no login', async () => {
  expect(await hold('somebody', await loginOf('somebody'))).toBe(403);
  expect(await hold('ada', await loginOf('ada', { passwordMark: 'of another password' }))).toBe(403);
  expect(await hold('ada', await loginOf('ada', { generation: randomUUID() }))).toBe(403);
  expect(await hold('ada', null)).toBe(403);
});
