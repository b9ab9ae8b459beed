import { scryptSync } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { Env } from '../../worker/env.ts';
import { handClock } from '../support/hand-clock.ts';
import { edgeEnv, freshDirectory, password, request, secret, tokenOf, users } from './edge.ts';

beforeEach(freshDirectory);

const login = (json: object, bound?: Env, headers?: HeadersInit) =>
  request('/api/auth/login', { method: 'POST', json, headers }, bound);

const missions = (token: string | null, bound?: Env) =>
  request('/api/control/missions', { headers: token === null ? {} : { Authorization: `Bearer ${token}` } }, bound);

const hashed = (plain: string): string => {
  const salt = Buffer.from('salt of this test');
  const hash = scryptSync(plain, salt, 32, { N: 32768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 });
  return `scrypt$32768$8$1$${salt.toString('base64')}$${hash.toString('base64')}`;
};

test('the right password yields a token for 30 days that opens the API', async () => {
  const clock = handClock();
  const bound = edgeEnv({ clock });
  const response = await login({ password: ` ${password} ` }, bound);

  const { token, exp } = await response.json<{ token: string; exp: number }>();
  expect(exp).toBe(clock.now() / 1000 + 30 * 24 * 3600);
  clock.advance(30 * 24 * 3_600_000);
  expect((await missions(token, bound)).status).toBe(200);
  // A minute of difference between clocks is allowed (contract §1.2).
  clock.advance(61_000);
  expect((await missions(token, bound)).status).toBe(401);
});

test('a wrong password is 401 in the words of the contract', async () => {
  const response = await login({ password: 'wrong' });

  expect([response.status, await response.text()]).toEqual([401, 'Invalid password']);
});

test('a password kept as a scrypt hash opens the door, and only that one', async () => {
  const bound = edgeEnv({ DASHBOARD_PASSWORD: hashed('hunter2') });

  expect((await login({ password: 'hunter2 ' }, bound)).status).toBe(200);
  expect((await login({ password: 'hunter3' }, bound)).status).toBe(401);
  expect((await login({ password: bound.DASHBOARD_PASSWORD }, bound)).status).toBe(401);
});

test('a password is the same however it is typed, and none with a NUL or half a character in it', async () => {
  const kept = 'pä:ss\ufffd';
  const [asHash, asText] = [hashed(kept), kept].map((text) => edgeEnv({ DASHBOARD_PASSWORD: text }));
  const tried = [
    [kept, 200],
    [` ${kept.normalize('NFD')}\n`, 200],
    [`${kept}\0`, 401],
    [`${kept}\0\0\0`, 401],
    [`\0${kept}`, 401],
    ['pä:ss\ud800', 401],
    [kept.toUpperCase(), 401],
    ['', 401],
  ] as const;

  for (const [text, status] of tried) {
    const answers = [await login({ password: text }, asHash), await login({ password: text }, asText)];
    expect([text, ...answers.map((answer) => answer.status)]).toEqual([text, status, status]);
    await freshDirectory();
  }
});

test('a user name is the same however it is typed, but its case counts', async () => {
  const bound = edgeEnv({ OPEN_AGENT_USERS: JSON.stringify([{ username: 'Zoë'.normalize('NFD'), password: 'p' }]) });
  const status = async (username: string) => (await login({ username, password: 'p' }, bound)).status;

  expect(await status(' Zoë ')).toBe(200);
  expect(await status('zoë')).toBe(401);
  expect(await status('Zoë\0')).toBe(401);
});

test('the scheme of a token is the same in any case, and a token needs it', async () => {
  const token = await tokenOf('default');
  const status = async (header: string) => {
    const answer = await request('/api/control/missions', { headers: { Authorization: header } });
    return [answer.status, answer.ok ? '' : await answer.text()];
  };

  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR'])
    expect(await status(`${scheme}  ${token}`)).toEqual([200, '']);
  expect(await status('BEARER garbage')).toEqual([401, 'Invalid or expired token']);
  for (const header of [token, `Basic ${token}`, 'Bearer ', `Bearer${token}`])
    expect(await status(header)).toEqual([401, 'Missing Authorization header']);
});

test('a hash that cannot be used is a configuration error, not a wrong password', async () => {
  const response = await login({ password: 'x' }, edgeEnv({ DASHBOARD_PASSWORD: 'scrypt$32768$8$1$AAAA$' }));

  expect(response.status).toBe(500);
});

test('with several users a name is required and must fit the password', async () => {
  const bound = edgeEnv({ OPEN_AGENT_USERS: users('ada', 'bob') });
  const answers = await Promise.all([
    login({ password: 'password of ada' }, bound),
    login({ username: 'bob', password: 'password of ada' }, bound),
    login({ username: 'eve', password: 'password of ada' }, bound),
    login({ username: 'ada', password: 'password of ada' }, bound),
  ]);

  expect(await Promise.all(answers.slice(0, 3).map((answer) => answer.text()))).toEqual([
    'Username required',
    'Invalid username or password',
    'Invalid username or password',
  ]);
  expect(answers.map((answer) => answer.status)).toEqual([401, 401, 401, 200]);
});

test('a token of a user who was removed is an invalid user', async () => {
  const response = await missions(await tokenOf('carol'), edgeEnv({ OPEN_AGENT_USERS: users('ada') }));

  expect([response.status, await response.text()]).toEqual([401, 'Invalid user']);
});

test('an expired token is accepted for one more minute and no longer', async () => {
  expect((await missions(await tokenOf('default', { expiresInS: -30 }))).status).toBe(200);

  const late = await missions(await tokenOf('default', { expiresInS: -90 }));
  expect([late.status, await late.text()]).toEqual([401, 'Invalid or expired token']);
});

test('tokens of another key, without a signature or with a changed claim are refused', async () => {
  const good = await tokenOf('default');
  const [head, , signature] = good.split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const claims = Buffer.from('{"sub":"default","usr":"x","iat":1,"exp":9999999999}').toString('base64url');

  const forged = [
    await tokenOf('default', { expiresInS: 60, key: 'another key' }),
    `${none}.${claims}.`,
    `${head}.${claims}.${signature}`,
  ];
  const answers = await Promise.all(forged.map((token) => missions(token)));
  expect(answers.map((answer) => answer.status)).toEqual([401, 401, 401]);
});

test('without a token every path below /api is 401, known or not, and an unknown one is an empty 404 with it', async () => {
  const known = await missions(null);
  const unknown = await request('/api/nothing/here');
  const opened = await request('/api/nothing/here', {
    headers: { Authorization: `bearer ${await tokenOf('default')}` },
  });

  expect([known.status, await known.text()]).toEqual([401, 'Missing Authorization header']);
  expect(unknown.status).toBe(401);
  expect([opened.status, await opened.text()]).toEqual([404, '']);
});

test('after ten failures an account is shut for its address, with the right password too, and says until when', async () => {
  const clock = handClock();
  const bound = edgeEnv({ TRUST_PROXY: 'true', clock });
  const from = (address: string) => ({ 'X-Forwarded-For': `6.6.6.6, ${address}` });
  const guesses = await Promise.all(
    Array.from({ length: 12 }, () => login({ password: 'guess' }, bound, from('9.9.9.9'))),
  );

  expect(guesses.filter((guess) => guess.status === 401)).toHaveLength(10);
  const shut = await login({ password }, bound, from('9.9.9.9'));
  expect([shut.status, await shut.text()]).toEqual([
    429,
    expect.stringMatching(/try again in \d+ s \(after [\d:]+ UTC\)/),
  ]);
  expect((await login({ password }, bound, from('1.1.1.1'))).status).toBe(200);
  clock.advance(5 * 60_000);
  expect((await login({ password }, bound, from('9.9.9.9'))).status).toBe(200);
});

test('a successful login forgives the failures before it', async () => {
  for (let round = 0; round < 2; round += 1) {
    for (let guess = 0; guess < 9; guess += 1) await login({ password: 'guess' });
    expect((await login({ password })).status).toBe(200);
  }
});

test('an address that anyone could write into a header is not believed', async () => {
  const guesses = await Promise.all(
    Array.from({ length: 11 }, (_, guess) =>
      login({ password: 'guess' }, edgeEnv(), {
        'X-Forwarded-For': `1.1.1.${guess}`,
        'CF-Connecting-IP': `1.1.1.${guess}`,
      }),
    ),
  );

  expect(guesses.filter((guess) => guess.status === 429)).toHaveLength(1);
});

test('with authentication off a program on this machine needs no token, and pages elsewhere get no CORS', async () => {
  const bound = edgeEnv({ DEV_MODE: 'true' });
  const health = await request('/api/health', {}, bound);
  const list = await request('/api/control/missions', { headers: { Origin: 'http://localhost:3001' } }, bound);

  expect(await health.json()).toMatchObject({ auth_mode: 'disabled', auth_required: false, dev_mode: true });
  expect([list.status, list.headers.get('Access-Control-Allow-Origin')]).toEqual([200, null]);
});

test('with authentication off a foreign Origin or Host is refused with the reason', async () => {
  const bound = edgeEnv({ DEV_MODE: 'true' });
  const sent = [
    ['Origin', 'https://evil.example'],
    ['Origin', 'null'],
    ['Host', 'rebound.example:8787'],
  ] as const;
  const answers = await Promise.all(
    sent.map(([name, value]) => request('/api/control/missions', { headers: { [name]: value } }, bound)),
  );

  expect(answers.map((answer) => answer.status)).toEqual([403, 403, 403]);
  expect(await answers[0]?.text()).toContain('Origin is not this machine');
});

test('authentication cannot be off on Cloudflare or on a listener that others reach', async () => {
  const cloudflare = await missions(null, edgeEnv({ DEV_MODE: 'true', EDGE: undefined }));
  const open = await missions(null, edgeEnv({ DEV_MODE: 'true', LISTEN: '0.0.0.0' }));

  expect([cloudflare.status, open.status]).toEqual([500, 500]);
  expect(await cloudflare.text()).toContain('DEV_MODE');
});

test.for([
  [{ DASHBOARD_PASSWORD: undefined }, 'DASHBOARD_PASSWORD'],
  [{ JWT_SECRET: ' ' }, 'JWT_SECRET not configured'],
  [{ OPEN_AGENT_USERS: '{' }, 'OPEN_AGENT_USERS'],
  [{ OPEN_AGENT_USERS: '[{"username":"a","password":" "}]' }, 'OPEN_AGENT_USERS'],
] as const)(
  'a configuration without a usable login is a 500 that names the variable: %j',
  async ([variables, name]) => {
    const bound = edgeEnv(variables);
    const answers = [await missions(await tokenOf('default'), bound), await login({ password: 'x' }, bound)];

    for (const answer of answers)
      expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining(name)]);
    expect((await request('/api/health', {}, bound)).status).toBe(200);
  },
);

test('an answer to a failed login never holds the password or the secret', async () => {
  const answers = [await login({ password: 'my other password' }), await missions('garbage')];

  for (const answer of answers) expect(await answer.text()).not.toMatch(new RegExp(`other|${secret}`));
});
