import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startCommand } from '../support/command.ts';
import { freshWorkingDir } from '../support/launched.ts';
import { type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  const users = [
    { username: 'ada', password: 'password of ada', admin: true },
    { username: 'bob', password: 'password of bob' },
  ];
  stack = await startStack({ OPEN_AGENT_USERS: JSON.stringify(users) });
});
afterAll(() => stack.close());

/** A person at a computer of their own, logged in as this user, until the end of the test. */
const computerOf = async (user: string) => {
  const { path: HOME, remove } = freshWorkingDir();
  onTestFinished(remove);
  const openagent = (args: string[], input?: string) => startCommand(args, { HOME }, input).ended;
  const login = await openagent(['login', stack.url(), '--user', user], `password of ${user}\n`);
  expect(login).toMatchObject({ code: 0, out: expect.stringContaining(`as ${user}`) });
  const { token } = JSON.parse(readFileSync(join(HOME, '.config', 'openagent', 'login.json'), 'utf8'));
  const isIn = async (): Promise<boolean> =>
    (await stack.anyone.call('GET', '/api/stats', undefined, { authorization: `Bearer ${token}` })).status === 200;
  return { openagent, isIn, token };
};

test('logout ends one login, with --everywhere all of a person and nobody else’s', async () => {
  const [here, there, phone, bobs] = [
    await computerOf('ada'),
    await computerOf('ada'),
    await computerOf('ada'),
    await computerOf('bob'),
  ];

  expect((await here.openagent(['logout'])).code).toBe(0);
  expect([await here.isIn(), await there.isIn(), await phone.isIn()]).toEqual([false, true, true]);

  const everywhere = await there.openagent(['logout', '--everywhere']);
  expect(everywhere).toMatchObject({ code: 0, out: expect.stringContaining('All logins of this user have ended') });
  expect([await there.isIn(), await phone.isIn(), await bobs.isIn()]).toEqual([false, false, true]);
  expect((await there.openagent(['logout'])).out).toContain('no login to forget');
});

test('an admin ends the logins of another user and stays logged in; nobody else can', async () => {
  const [adas, bobs] = [await computerOf('ada'), await computerOf('bob')];

  const refused = await bobs.openagent(['logout', '--user', 'ada']);
  expect(refused).toMatchObject({ code: 3, err: expect.stringMatching(/admin/i) });
  expect([await adas.isIn(), await bobs.isIn()]).toEqual([true, true]);

  const ended = await adas.openagent(['logout', '--user', 'bob']);
  expect(ended).toMatchObject({ code: 0, out: expect.stringContaining('All logins of bob') });
  expect([await adas.isIn(), await bobs.isIn()]).toEqual([true, false]);
  expect((await adas.openagent(['logout', '--user', 'ada', '--everywhere'])).code).toBe(2);
});

test('quotas are shown to their user, and changed by an admin alone, for one user or for everybody', async () => {
  const [adas, bobs] = [await computerOf('ada'), await computerOf('bob')];
  const bobsStreams = async () =>
    (await bobs.openagent(['quotas'])).out.split('\n').find((line) => line.startsWith('streams '));

  expect(await bobsStreams()).toMatch(/^streams +0 of 200 /);
  expect((await bobs.openagent(['quotas', 'streams=7'])).code).toBe(3);

  const changed = await adas.openagent(['quotas', '--of', 'bob', '--json', 'streams=7']);
  const of = (out: string, name: string) =>
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .find((each) => each.name === name);
  expect(changed.code).toBe(0);
  expect(of(changed.out, 'streams')).toMatchObject({ limit: 7, default: 200 });
  expect(await bobsStreams()).toMatch(/^streams +0 of 7 .*\(default 200\)$/);
  expect(of((await adas.openagent(['quotas', '--json'])).out, 'streams')).toMatchObject({ limit: 200 });

  await adas.openagent(['quotas', '--of', 'bob', 'streams=default']);
  expect(await bobsStreams()).toMatch(/^streams +0 of 200 /);
  for (const words of [['streams'], ['streams=-1'], ['streams=many'], ['beer=1'], ['streams=10001']])
    expect(await adas.openagent(['quotas', ...words])).toMatchObject({ code: 2, out: '' });
});

test('for how long a server keeps what happened is shown to an admin and set by one, for it or for one mission', async () => {
  const [adas, bobs] = [await computerOf('ada'), await computerOf('bob')];
  const headers = { authorization: `Bearer ${adas.token}` };
  const [{ id }] = (await stack.anyone.call('GET', '/api/hosts', undefined, headers)).json;
  expect(await bobs.openagent(['retention', id])).toMatchObject({ code: 3, err: expect.stringMatching(/admin/i) });

  const kept = await adas.openagent(['retention', id]);
  expect(kept).toMatchObject({ code: 0, out: expect.stringMatching(/^server: everything is kept\n.*\nNo archive/) });
  const set = await adas.openagent(['retention', id, '--days', '30', '--bytes', '2000000']);
  expect(set.out).toMatch(/^server: 30 days and 2000000 bytes are kept\n/);
  expect((await adas.openagent(['retention', id, '--keep'])).out).toMatch(/^server: everything is kept\n/);
  for (const words of [['--days', '0'], ['--bytes', '7'], ['--inherit'], ['--keep', '--days', '3'], ['--days', 'x']])
    expect(await adas.openagent(['retention', id, ...words])).toMatchObject({ code: 2, out: '' });
  expect((await adas.openagent(['retention', 'nowhere'])).err).toContain('has no server "nowhere"');
});
