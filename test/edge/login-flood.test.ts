// Logins as strangers try them: many, from many places, under many names (architecture §5).
import { env } from 'cloudflare:workers';
import { scryptSync } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { countAttempts, keepKnown } from '../../worker/directory/attempts.ts';
import { directory } from '../../worker/directory/directory.ts';
import type { Env } from '../../worker/env.ts';
import { handClock } from '../support/hand-clock.ts';
import { edgeEnv, freshDirectory, request, settled, tokenOf, users } from './edge.ts';

beforeEach(freshDirectory);
afterEach(() => vi.restoreAllMocks());

const hashed = (plain: string): string => {
  const [salt, N] = [Buffer.from('salt of this test'), 2048];
  return `scrypt$${N}$8$1$${salt.toString('base64')}$${scryptSync(plain, salt, 32, { N, r: 8, p: 1 }).toString('base64')}`;
};
const accounts = JSON.stringify(['ada', 'bob'].map((username) => ({ username, password: hashed(`of ${username}`) })));
const edge = (more: Parameters<typeof edgeEnv>[0] = {}): Env =>
  edgeEnv({ TRUST_PROXY: 'true', OPEN_AGENT_USERS: users('ada', 'bob'), ...more });

const login = (bound: Env, from: string, username: string, password = 'a guess'): Promise<Response> =>
  request(
    '/api/auth/login',
    { method: 'POST', json: { username, password }, headers: { 'X-Forwarded-For': from } },
    bound,
  );
const statuses = async (answers: Promise<Response>[]): Promise<number[]> =>
  (await Promise.all(answers)).map(({ status }) => status);
const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
/** So often each status occurs. */
const tally = (all: readonly number[]): Record<number, number> =>
  Object.fromEntries([...new Set(all)].map((status) => [status, all.filter((other) => other === status).length]));

/** No pause between two slices is longer, and nothing else waits so shortly. */
const longestPauseMs = 4;

/** A clock whose pauses between two slices of a hash last until they are let go. */
const holding = () => {
  const held: (() => void)[] = [];
  const state = { isHeld: true, most: 0 };
  const clock: typeof systemClock = {
    ...systemClock,
    after: (ms, then, options) => {
      if (ms > longestPauseMs || !state.isHeld) return systemClock.after(ms, then, options);
      held.push(then);
      state.most = Math.max(state.most, held.length);
      return () => undefined;
    },
  };
  const release = (): void => {
    state.isHeld = false;
    for (const then of held.splice(0)) then();
  };
  return { clock, held, state, release };
};

test('thirty made-up names from one address are twenty tries, and then one every fifteen seconds', async () => {
  const clock = handClock();
  const bound = edge({ clock });
  const answers = await statuses(many(30, (n) => login(bound, '9.9.9.9', `made up ${n}`)));
  expect(tally(answers)).toEqual({ 401: 20, 429: 10 });

  const refused = await login(bound, '9.9.9.9', 'another');
  expect([refused.headers.get('Retry-After'), await refused.text()]).toEqual([
    '16',
    expect.stringMatching(/^Too many failed logins from your address: try again in 16 s \(after [\d:]+ UTC\)$/),
  ]);
  expect((await login(bound, '1.1.1.1', 'ada', 'password of ada')).status).toBe(200);
  clock.advance(16_000);
  expect(await statuses(many(2, (n) => login(bound, '9.9.9.9', `later ${n}`)))).toEqual([401, 429]);
});

test('whoever has a network of IPv6 has one address, and the same one in IPv4 and in IPv6', async () => {
  const bound = edge({ clock: handClock() });
  const rotated = await statuses(many(30, (n) => login(bound, `2001:db8:1:2::${n.toString(16)}`, 'ada')));
  expect(tally(rotated)).toEqual({ 401: 10, 429: 20 });
  expect((await login(bound, '2001:db8:1:3::1', 'ada', 'password of ada')).status).toBe(200);

  const mapped = many(10, (n) => login(bound, n % 2 === 0 ? '7.7.7.7' : '::ffff:7.7.7.7', 'bob'));
  expect(tally(await statuses(mapped))).toEqual({ 401: 10 });
  expect((await login(bound, '[::ffff:707:707]:99', 'bob', 'password of bob')).status).toBe(429);
});

test('strangers never shut an owner out: not where the owner was before, and not in a new place', async () => {
  const clock = handClock();
  const bound = edge({ clock });
  expect((await login(bound, '5.5.5.5', 'ada', 'password of ada')).status).toBe(200);
  // Far more than strangers may try an account in five minutes, from 40 addresses; only first tries get through.
  for (let round = 0; round < 5; round += 1) await statuses(many(40, (n) => login(bound, `9.9.9.${n}`, 'ada')));
  const slowed = await login(bound, '9.9.9.1', 'ada', 'password of ada');
  expect([slowed.status, await slowed.text()]).toEqual([429, expect.stringContaining('failed logins to this account')]);

  expect((await login(bound, '5.5.5.5', 'ada', 'password of ada')).status).toBe(200);
  expect((await login(bound, '6.6.6.6', 'ada', 'password of ada')).status).toBe(200);
  // A stranger in the owner's own network who tries many other names.
  await statuses(many(30, (n) => login(bound, '5.5.5.5', `made up ${n}`)));
  expect((await login(bound, '5.5.5.5', 'ada', 'password of ada')).status).toBe(200);
  const answer = await request(
    '/api/control/missions',
    { headers: { Authorization: `Bearer ${await tokenOf('ada', { bound: edge() })}` } },
    edge(),
  );
  expect(answer.status).toBe(200);
});

test('somebody with an account cannot buy guesses at others by logging in to it in between', async () => {
  const bound = edge({ clock: handClock() });
  const answers: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    answers.push(...(await statuses(many(6, (n) => login(bound, '9.9.9.9', `other ${round} ${n}`)))));
    expect((await login(bound, '9.9.9.9', 'bob', 'password of bob')).status).toBe(200);
  }

  expect(tally(answers)).toEqual({ 401: 20, 429: 16 });
});

test('while passwords are hashed everything else goes on, one is hashed at once, and few wait for it', async () => {
  const { clock, held, state, release } = holding();
  const bound = edge({ OPEN_AGENT_USERS: accounts, clock });
  const flood = many(100, (n) => login(bound, `9.9.${n}.9`, n % 2 === 0 ? 'ada' : `made up ${n}`));
  await vi.waitUntil(() => held.length > 0);
  const headers = { Authorization: `Bearer ${await tokenOf('ada', { bound })}` };
  expect((await request('/api/control/missions', { headers }, bound)).status).toBe(200);
  expect(state.most).toBe(1);

  release();
  const answers = await Promise.all(flood);
  const refused = answers.filter(({ status }) => status === 429);
  expect(tally(answers.map(({ status }) => status))).toMatchObject({
    401: expect.toSatisfy((n) => n === 8 || n === 9),
  });
  expect(new Set(refused.map((answer) => answer.headers.get('Retry-After')))).toEqual(new Set(['2']));
  expect(await refused[0]?.text()).toBe('Too many logins are being checked: try again in 2 s');
  // What was refused was not counted.
  expect(await rows('attempts')).toBeLessThanOrEqual(3 * 9);
});

test('an owner who comes from a known place is hashed before the strangers who wait', async () => {
  const { clock, held, release } = holding();
  const bound = edge({ OPEN_AGENT_USERS: accounts, clock });
  const before = login(bound, '5.5.5.5', 'ada', 'of ada');
  await vi.waitUntil(() => held.length > 0);
  release();
  expect((await before).status).toBe(200);

  const again = holding();
  const later = edge({ OPEN_AGENT_USERS: accounts, clock: again.clock });
  const done: string[] = [];
  const flood = many(50, async (n) => {
    const { status } = await login(later, `9.9.${n}.9`, 'ada');
    if (status !== 429) done.push('stranger');
  });
  await vi.waitUntil(() => again.held.length > 0);
  const owner = login(later, '5.5.5.5', 'ada', 'of ada').then(({ status }) => done.push(`owner ${status}`));
  await vi.waitUntil(async () => (await rows('attempts')) > 0);
  again.release();
  await Promise.all([...flood, owner]);

  expect(done.indexOf('owner 200')).toBeLessThanOrEqual(1);
  expect(done.length).toBeLessThanOrEqual(10);
});

test('a name that does not exist costs a hash exactly where one that does costs one', async () => {
  const mixed = JSON.stringify([
    { username: 'ada', password: 'plain' },
    { username: 'bob', password: hashed('of bob') },
  ]);
  const pauses = async (configured: string, name: string): Promise<number> => {
    let count = 0;
    const clock: typeof systemClock = {
      ...systemClock,
      after: (ms, then, options) => {
        if (ms === 0) count += 1;
        return systemClock.after(ms, then, options);
      },
    };
    await login(edge({ OPEN_AGENT_USERS: configured, clock }), '9.9.9.9', name);
    return count;
  };

  for (const configured of [mixed, accounts]) {
    const [known, other, unknown] = [
      await pauses(configured, 'ada'),
      await pauses(configured, 'bob'),
      await pauses(configured, 'nobody'),
    ];
    expect([known, other, unknown]).toEqual([32, 32, 32]);
  }
  expect(await pauses(users('ada'), 'nobody')).toBe(0);
});

test('without D1 logins work, and each isolate still limits them', async () => {
  const bound = edge({ clock: handClock() });
  Object.defineProperty(bound, 'DB', {
    value: {
      prepare: () => {
        throw new Error('D1 is away');
      },
    },
  });
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);

  expect((await login(bound, '5.5.5.5', 'ada', 'password of ada')).status).toBe(200);
  expect(tally(await statuses(many(30, () => login(bound, '9.9.9.9', 'ada'))))).toEqual({ 401: 10, 429: 20 });
  expect((await login(bound, '9.9.9.9', 'ada', 'password of ada')).status).toBe(429);
  // Said once, and not with each of them.
  expect(said).toHaveBeenCalledTimes(1);
});

test('what was counted is removed when it means nothing any more, in slices, by whoever tries next', async () => {
  const now = Date.now();
  const db = directory(env);
  const pace = { burst: 1, everyMs: 1_000 };
  const names = many(90, (n) => ({ name: `stranger ${n}`, pace }));
  await countAttempts(db, names, now - 10_000);
  await countAttempts(
    db,
    names.map(({ name, ...rest }) => ({ name: `more ${name}`, ...rest })),
    now - 10_000,
  );
  for (let n = 0; n < 60; n += 1) await keepKnown(db, `place ${n}`, 'ada', now - 60_000 + n);
  expect([await rows('attempts'), await rows('known_addresses')]).toEqual([180, 51]);
  await keepKnown(db, 'an old place', 'bob', now - 91 * 24 * 3_600_000);

  const bound = edge();
  await login(bound, '9.9.9.9', 'ada');
  await settled();
  expect([await rows('attempts'), await rows('known_addresses')]).toEqual([180 - 100 + 3, 51]);
  await login(bound, '9.9.9.9', 'ada');
  await settled();
  expect(await rows('attempts')).toBe(3);
});

const rows = async (table: string): Promise<number> =>
  (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>('n')) ?? 0;
