import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { claimPort } from '../../host-agent/launcher/state/port.ts';
import { asks, runs } from '../support/asking-agent.ts';
import { startCommand } from '../support/command.ts';
import { freshWorkingDir } from '../support/launched.ts';
import { type Person, password, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let me: Person;
let environment: Record<string, string>;

beforeAll(async () => {
  stack = await startStack({ OPENCODE_PERMISSIVE: 'false', OPENCODE_PERMISSION: '{"bash":"ask","question":"allow"}' });
  me = await stack.person();
  environment = await loggedIn();
});
afterAll(() => stack.close());

/** A home of its own, gone after the test. */
const home = (): string => {
  const { path, remove } = freshWorkingDir();
  onTestFinished(remove);
  return path;
};

const loggedIn = async (): Promise<Record<string, string>> => {
  const { token } = (await stack.anyone.call('POST', '/api/auth/login', { password })).json;
  return { HOME: '/nonexistent', OPENAGENT_URL: stack.url(), OPENAGENT_TOKEN: token };
};

const openagent = (args: string[], more: Record<string, string> = {}, input?: string | Uint8Array) =>
  startCommand(args, { ...environment, ...more }, input).ended;

const linesOf = (out: string): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('run prints the answer alone on standard output, and reasoning and tools only when they are asked for', async () => {
  const script = 'REASON Let me think.\nTOOL write {"filePath":"a.txt","content":"a"}\nSAY The file is written.';
  const plain = await openagent(['run', script]);
  const verbose = await openagent(['run', '--verbose', '--title', 'A title', script]);

  expect(plain).toEqual({ code: 0, out: 'The file is written.\n', err: '' });
  expect(verbose).toMatchObject({ code: 0, out: 'The file is written.\n' });
  expect(verbose.err).toMatch(
    /Mission \S{36}: A title\nLet me think\.\n→ write \{.*a\.txt.*\n← write .*\nDone by lab\/m1, \$/,
  );
});

test('a log is piped in behind the words, and what can not be a message is refused before anything is sent', async () => {
  const before = (await me.call('GET', '/api/control/missions')).json.length;
  const piped = await openagent(['run', 'SAY', 'Explained.'], {}, 'Error: no space left\n');
  expect(piped).toMatchObject({ code: 0, out: 'Explained.\n' });
  expect(stack.model.requests.at(-1)?.userText).toContain('SAY Explained.\n\nError: no space left');

  const binary = await openagent(['run', 'Explain'], {}, Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 1));
  const latin = await openagent(['run', 'Explain'], {}, Uint8Array.of(0x63, 0x61, 0x66, 0xe9));
  const long = await openagent(['run', 'Explain'], {}, 'x'.repeat(4 * 1024 * 1024));
  const nothing = await openagent(['run']);
  const blank = await openagent(['run'], {}, '  \n');

  expect([binary, latin, long, nothing, blank].map(({ code, out }) => ({ code, out }))).toEqual(
    Array.from({ length: 5 }, () => ({ code: 2, out: '' })),
  );
  expect(binary.err).toContain('not text in UTF-8');
  expect(latin.err).toContain('not text in UTF-8');
  expect(long.err).toMatch(/longer than 128 KiB.*tail -c/);
  expect(nothing.err).toContain('as an argument, or on standard input');
  expect((await me.call('GET', '/api/control/missions')).json).toHaveLength(before + 1);
});

test('run --json prints objects whose texts joined are the answer, and the end says how it went', async () => {
  const { code, out } = await openagent(['run', '--json', 'REASON Hm.\nCHUNKS ["One ","\\u001b[31mtwo","."]']);
  const lines = linesOf(out);

  expect(code).toBe(0);
  expect(out).not.toContain('\u001b');
  expect(lines.map(({ type }) => type).slice(0, 3)).toEqual(['mission', 'message', 'turn']);
  const text = lines.filter(({ type, kind }) => type === 'text' && kind === 'text').map((line) => line.text);
  expect(text.join('')).toBe('One \u001b[31mtwo.');
  expect(lines.at(-1)).toMatchObject({
    type: 'end',
    message_id: lines[1]?.id,
    outcome: 'completed',
    text: 'One \u001b[31mtwo.',
    model: 'lab/m1',
  });
});

test('control characters of an agent never reach the terminal', async () => {
  const { out } = await openagent(['run', 'CHUNKS ["\\u001b]52;c;aGk=\\u0007","a\\r\\nb","\\u009b2J\\u202e"]']);

  expect(out).toBe('␛]52;c;aGk=␇a\nb<U+009B>2J<U+202E>\n');
});

test('run --detach prints the id alone; show --follow shows the rest, and show the whole', async () => {
  const detached = await openagent(['run', '--detach', 'CHUNKS ["First "]\nWAIT detached\nSAY then the rest.']);
  expect(detached).toMatchObject({ code: 0, err: '' });
  expect(detached.out).toMatch(/^\S{36}\n$/);
  const id = detached.out.trim();
  await stack.model.reached('detached');

  const following = startCommand(['show', id.slice(0, 8).toUpperCase(), '--follow'], environment);
  await following.printed('out', 'First ');
  stack.model.release('detached');
  const followed = await following.ended;
  const shown = await openagent(['show', id.slice(0, 8)]);
  const again = await openagent(['show', id, '--follow', '--json']);

  expect(followed.code).toBe(0);
  expect(followed.out).toMatch(/^> CHUNKS .*\n> WAIT detached\n> SAY .*\n\nFirst then the rest\.\n$/);
  expect(shown).toEqual({ code: 0, out: followed.out, err: '' });
  expect(linesOf(again.out).at(-1)).toMatchObject({ type: 'end', outcome: 'completed', text: 'First then the rest.' });
});

test('Ctrl-C leaves the mission running and says how to come back; run --mission goes on with it', async () => {
  const running = startCommand(['run', 'CHUNKS ["Half "]\nWAIT left\nSAY whole.'], environment);
  await running.printed('out', 'Half ');
  running.signal('SIGINT');
  const left = await running.ended;
  stack.model.release('left');

  expect(left).toMatchObject({ code: 130, out: 'Half ' });
  const id = /openagent show (\S{8}) --follow; end it: openagent cancel \1/.exec(left.err)?.[1] ?? '';
  expect(left.err).toContain('the mission goes on');
  await vi.waitFor(async () => expect((await openagent(['show', id])).out).toContain('Half whole.'));
  const further = await openagent(['run', '--mission', id, 'SAY Further.']);
  expect(further).toMatchObject({ code: 0, out: 'Further.\n' });
});

test('a deleted mission is in the trash, and is had back from there', async () => {
  const id = (await openagent(['run', '--detach', 'SAY Kept.'])).out.trim().slice(0, 8);
  await openagent(['show', id, '--follow']);

  expect(await openagent(['delete', id])).toMatchObject({ code: 0, out: expect.stringContaining(`restore ${id}`) });
  expect((await openagent(['missions'])).out).not.toContain(id);
  expect((await openagent(['trash'])).out).toContain(`${id}  deleted `);
  expect(await openagent(['restore', id])).toMatchObject({ code: 0, out: expect.stringContaining(`${id} is back`) });
  expect((await openagent(['show', id])).out).toContain('Kept.');
  expect(await openagent(['restore', id])).toMatchObject({ code: 2 });
});

test('cancel ends a turn, whose run then fails; a mission where nothing runs says so', async () => {
  const running = startCommand(['run', '--json', 'SAY Half.\nWAIT cancelled'], environment);
  await stack.model.reached('cancelled');
  const id = String(linesOf(running.texts().out)[0]?.id).slice(0, 8);
  const cancelled = await openagent(['cancel', id]);
  const ended = await running.ended;
  stack.model.release('cancelled');

  expect(cancelled).toMatchObject({ code: 0, out: expect.stringContaining(`Mission ${id} is being cancelled`) });
  expect([ended.code, linesOf(ended.out).at(-1)]).toEqual([1, expect.objectContaining({ outcome: 'cancelled' })]);
  expect(await openagent(['cancel', id])).toMatchObject({ code: 1, err: expect.stringContaining('Nothing runs') });
});

test('a turn that fails ends run with 1 and the reason on standard error', async () => {
  const { code, out, err } = await openagent(['run', 'ERROR 400']);

  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('The turn failed: ');
});

test('a permission and a question are shown with the command that answers them', async () => {
  const running = startCommand(['run', `${runs('echo hi')}\nSAY Ran.`], environment);
  await running.printed('err', /openagent answer (\S+) once\|always\|reject/);
  const permission = /openagent answer (\S+) once/.exec(running.texts().err)?.[1] ?? '';
  expect(await openagent(['answer', permission, 'perhaps'])).toMatchObject({ code: 2 });
  expect((await openagent(['answer'])).out).toContain(`openagent answer ${permission}`);
  expect(await openagent(['answer', permission, 'once'])).toMatchObject({ code: 0 });
  expect(await running.ended).toMatchObject({ code: 0, out: 'Ran.\n' });
  expect(await openagent(['answer', permission, 'once'])).toMatchObject({ code: 2 });

  const asking = startCommand(['run', `${asks('Which $(colour)?')}\nSAY Thanks.`], environment);
  await asking.printed('err', /openagent answer \S+ Red\n/);
  expect(asking.texts().err).toContain('The agent asks: Which $(colour)?\n  - Red: The first\n  - Blue: The second\n');
  const question = /openagent answer (\S+) Red/.exec(asking.texts().err)?.[1] ?? '';
  expect(await openagent(['answer', question])).toMatchObject({
    code: 2,
    err: expect.stringContaining('one question'),
  });
  expect(await openagent(['answer', question, 'Blue'])).toMatchObject({ code: 0 });
  expect(await asking.ended).toMatchObject({ code: 0, out: 'Thanks.\n' });
});

test('missions lists the newest first, by status, and never more than asked for', async () => {
  await openagent(['run', '--title', 'The\u001b[31m newest', 'SAY Hello.']);
  const { code, out } = await openagent(['missions', '--limit', '2']);
  const json = linesOf((await openagent(['missions', '--json', '--status', 'completed', '--limit', '1'])).out);
  const none = await openagent(['missions', '--status', 'blocked']);

  expect(code).toBe(0);
  expect(out.split('\n')[0]).toMatch(/^[0-9a-f]{8} {2}completed {5}\d{4}-\d\d-\d\d \d\d:\d\d {2}The␛\[31m newest$/);
  expect(out.trimEnd().split('\n')).toHaveLength(2);
  expect(json).toMatchObject([{ title: 'The\u001b[31m newest', status: 'completed', running: null }]);
  expect(none).toMatchObject({ code: 0, out: '', err: expect.stringContaining('None of your newest') });
});

test('the exit code says who is to do something: 2 the command, 3 the login, 4 the edge', async () => {
  const nothing = `http://127.0.0.1:${await claimPort('127.0.0.1', 0)}`;
  const codes = async (...all: [string[], Record<string, string>?][]) =>
    Promise.all(all.map(async ([args, more]) => (await openagent(args, more)).code));

  expect(
    await codes(
      [['run', '--bogus', 'x']],
      [['run', '--follow', '--detach', 'x']],
      [['run', '--mission', '1', '--title', 'x', 'x']],
      [['show', 'zz']],
      [['show']],
      [['missions', '--limit', '0']],
      [['missions', '--status', 'odd']],
    ),
  ).toEqual([2, 2, 2, 2, 2, 2, 2]);
  expect(
    await codes(
      [['missions'], { OPENAGENT_TOKEN: 'wrong' }],
      [['missions'], { OPENAGENT_TOKEN: '' }],
      [['run', 'x'], { OPENAGENT_URL: '', OPENAGENT_TOKEN: '' }],
    ),
  ).toEqual([3, 3, 3]);
  expect(await codes([['missions'], { OPENAGENT_URL: nothing }], [['run', 'x'], { OPENAGENT_URL: nothing }])).toEqual([
    4, 4,
  ]);
  expect(await codes([['show', '00000000-0000-4000-8000-000000000000']], [['run', '--agent', 'nobody', 'x']])).toEqual([
    1, 1,
  ]);
});

test('login keeps the token for its owner alone and gives it to no other edge; logout forgets it', async () => {
  const HOME = home();
  const at = (args: string[], more: Record<string, string> = {}, input?: string) =>
    startCommand(args, { HOME, ...more }, input).ended;
  const file = join(HOME, '.config', 'openagent', 'login.json');

  expect(await at(['login', stack.url()], {}, 'wrong\n')).toMatchObject({
    code: 3,
    err: expect.stringContaining('Invalid password'),
  });
  const login = await at(['login', stack.url()], {}, `${password}\n`);
  expect(login).toMatchObject({ code: 0, out: expect.stringContaining(file) });
  expect(login.out + login.err).not.toContain(JSON.parse(readFileSync(file, 'utf8')).token);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await at(['run', 'SAY Hello.'])).toMatchObject({ code: 0, out: 'Hello.\n' });

  const other = stack.url().replace('127.0.0.1', 'localhost');
  expect(await at(['missions'], { OPENAGENT_URL: other })).toMatchObject({ code: 3 });
  const { token } = JSON.parse(readFileSync(file, 'utf8'));
  const asked = () => stack.anyone.call('GET', '/api/stats', undefined, { authorization: `Bearer ${token}` });
  expect((await asked()).status).toBe(200);
  expect(await at(['logout'])).toMatchObject({ code: 0 });
  expect((await asked()).status).toBe(401);
  expect(await at(['missions'])).toMatchObject({ code: 3, err: expect.stringContaining('openagent login') });
});
