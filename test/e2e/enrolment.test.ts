import { existsSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { claimPort } from '../../host-agent/launcher/state/port.ts';
import { isAccepted } from '../../host-agent/machine/credential.ts';
import { basicAuthorization } from '../../host-agent/opencode/api/authorization.ts';
import { startAlteringProxy } from '../support/altering-proxy.ts';
import { announcedOpenCode, labConfig } from '../support/lab.ts';
import { freshWorkingDir, type Launched, launch } from '../support/launched.ts';
import { patience } from '../support/patience.ts';
import type { StreamEvent, StreamReader } from '../support/sse-reader.ts';
import { type Person, password, type Stack, startStack } from '../support/stack.ts';

/** What a machine with two cores and other tests needs at most. */

let stack: Stack;
let me: Person;
const running: Launched[] = [];

beforeAll(async () => {
  stack = await startStack();
  me = await stack.person();
});
afterEach(async () => {
  for (const server of running.splice(0)) {
    server.kill('SIGTERM');
    await server.ended;
  }
  for (const { id, name } of (await me.call('GET', '/api/hosts')).json) {
    if (name !== own) await me.call('DELETE', `/api/hosts/${id}`);
  }
});
afterAll(() => stack.close());

/** The edge's own server is called by the machine's name; the ones of these tests are not. */
const own = hostname();

/** A command to its end. */
const openagent = async (workingDir: string, args: string[], environment: Record<string, string> = {}) => {
  const command = launch(workingDir, environment, args);
  return { code: await command.ended, output: command.output() };
};

/** A directory for another server; it is gone after the test. */
const machine = (): string => {
  const { path, remove } = freshWorkingDir();
  onTestFinished(remove);
  return path;
};

/** As an admin makes it: by the command, at the machine of the edge. */
const newCode = async (name = 'second'): Promise<string> => {
  const { output } = await openagent(stack.workingDir, ['hosts', 'add', name], { OPENAGENT_PASSWORD: password });
  const code = /openagent enroll \S+ (\S+)/.exec(output)?.[1];
  if (code === undefined) throw new Error(output);
  return code;
};

const enroll = (workingDir: string, code: string, ...more: string[]) =>
  openagent(workingDir, ['enroll', stack.url(), code, ...more]);

const hostFile = (workingDir: string): string => join(workingDir, '.openagent', 'host.json');
const enrolment = (workingDir: string) => JSON.parse(readFileSync(hostFile(workingDir), 'utf8'));

/** Runs the server enrolled in this directory, with the model that the first one has. */
const runServer = async (workingDir: string): Promise<Launched> => {
  const environment = { DEFAULT_MODEL: 'lab/m1', OPENCODE_CONFIG_CONTENT: labConfig(stack.model.url) };
  const server = launch(workingDir, environment, ['agent']);
  running.push(server);
  await server.printed(/Open Agent works for/);
  return server;
};

interface Listed {
  id: string;
  name: string;
  connected: boolean;
}
const servers = async (): Promise<Listed[]> => (await me.call('GET', '/api/hosts')).json;
const connected = (id: string): Promise<void> =>
  vi.waitFor(async () => expect((await servers()).find((server) => server.id === id)?.connected).toBe(true), patience);

/** A second server that is there. */
const secondServer = async () => {
  const directory = machine();
  const { code, output } = await enroll(directory, await newCode());
  if (code !== 0) throw new Error(output);
  await runServer(directory);
  const { id, workspaceId } = enrolment(directory);
  await connected(id);
  return { directory, id: String(id), workspaceId: String(workspaceId) };
};

const missionOn = async (workspaceId: string): Promise<string> =>
  (await me.call('POST', '/api/control/missions', { workspace_id: workspaceId })).json.id;

const isEnd = (mission: string, nth: number) => (event: StreamEvent, at: number, all: StreamEvent[]) =>
  event.name === 'turn.ended' &&
  event.data.mission_id === mission &&
  all.slice(0, at + 1).filter(({ name, data }) => name === 'turn.ended' && data.mission_id === mission).length === nth;

const until = (stream: StreamReader, fits: (event: StreamEvent, at: number, all: StreamEvent[]) => boolean) =>
  stream.until((event) => fits(event, stream.events.indexOf(event), stream.events));

/** `sequence`s of a mission's rows that the contract shows, as these streams had them. */
const sequences = (mission: string, ...streams: StreamReader[]): number[] =>
  streams
    .flatMap(({ events }) => events)
    .flatMap(({ data }) => (data.mission_id === mission && typeof data.sequence === 'number' ? [data.sequence] : []));

test('a second server joins by a code, works on missions of its workspace, and one stream shows both without a hole', async () => {
  const stream = await me.stream('?format=delta');
  const { directory, workspaceId } = await secondServer();
  expect(statSync(hostFile(directory)).mode & 0o777).toBe(0o600);
  const [here, there] = [(await me.call('POST', '/api/control/missions', {})).json.id, await missionOn(workspaceId)];
  const script = (text: string) => `TOOL write {"filePath":"where.txt","content":"${text}"}\nSAY I am ${text}.`;
  await Promise.all([me.say(script('first'), here), me.say(script('second'), there)]);
  await Promise.all([until(stream, isEnd(here, 1)), until(stream, isEnd(there, 1))]);
  const fileOf = (root: string, mission: string) =>
    join(root, 'workspaces', `mission-${mission.slice(0, 8)}`, 'where.txt');
  expect(readFileSync(fileOf(directory, there), 'utf8')).toBe('second');
  expect(readFileSync(fileOf(stack.workingDir, here), 'utf8')).toBe('first');
  expect(existsSync(fileOf(stack.workingDir, there))).toBe(false);

  // Left in mid-turn on both, and resumed by the last id.
  await Promise.all([me.say('SAY One.\nWAIT here\nSAY Two.', here), me.say('SAY Eins.\nWAIT there\nSAY Zwei.', there)]);
  await Promise.all([stack.model.reached('here'), stack.model.reached('there')]);
  stream.close();
  await stream.ended;
  const last = stream.lastId() ?? '';
  // A handle, and how far both servers have come since (protocol §1).
  expect(last.split('~')).toHaveLength(3);
  stack.model.release('here');
  stack.model.release('there');
  await vi.waitFor(async () => expect((await me.call('GET', '/api/control/running')).json).toEqual([]), patience);
  const again = await me.stream('?format=delta', { 'Last-Event-ID': last });
  await Promise.all([until(again, isEnd(here, 1)), until(again, isEnd(there, 1))]);

  for (const mission of [here, there]) {
    const stored = (await me.call('GET', `/api/control/missions/${mission}/events`)).json.length;
    expect(sequences(mission, stream, again)).toEqual(Array.from({ length: stored }, (_, n) => n + 1));
  }
  expect([stream, again].flatMap(({ events }) => events.filter(({ name }) => name === 'reset'))).toEqual([]);
  again.close();
  await again.ended;
});

test('removing a server ends its credential and its turn at once, and what it did can still be read', async () => {
  const { directory, id, workspaceId } = await secondServer();
  const mission = await missionOn(workspaceId);
  const stream = await me.stream('?format=delta');
  await me.say('SAY Half.\nWAIT removed\nSAY Never shown.', mission);
  await stack.model.reached('removed');

  const { code, output } = await openagent(stack.workingDir, ['hosts', 'remove', 'second'], {
    OPENAGENT_PASSWORD: password,
  });
  expect([code, output]).toEqual([0, expect.stringContaining(id)]);

  const ended = await stream.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  expect(ended.data).toMatchObject({ outcome: 'interrupted' });
  const { history, status } = (await me.call('GET', `/api/control/missions/${mission}`)).json;
  expect([status, history.at(-1).content]).toEqual(['interrupted', expect.stringContaining('removed')]);
  const log = () => readFileSync(join(directory, '.openagent', 'logs', 'host-agent.log'), 'utf8');
  await vi.waitFor(() => expect(log()).toMatch(/"event":"link.refused".*"code":4001/), patience);
  await vi.waitFor(() => expect(log()).toMatch(/"event":"link.refused".*"status":401/), patience);
  // The turn was stopped on the server too, not only forgotten.
  await vi.waitFor(async () => expect(await openCodeStatus(directory, mission)).toEqual({}), patience);
  const doctor = await openagent(directory, ['doctor']);
  expect([doctor.code, doctor.output]).toEqual([1, expect.stringMatching(/✗ .*does not accept.*--replace/)]);
  stack.model.release('removed');
  stream.close();
  await stream.ended;

  const replaced = await enroll(directory, await newCode('third'), '--replace');
  expect([replaced.code, replaced.output]).toEqual([0, expect.stringContaining('"third"')]);
  expect(enrolment(directory).id).not.toBe(id);
  await connected(enrolment(directory).id);
});

/** What the OpenCode of that server says to run in a mission's directory. */
const openCodeStatus = async (workingDir: string, mission: string): Promise<unknown> => {
  const file = announcedOpenCode(join(workingDir, '.openagent/opencode/server.json'));
  const directory = join(workingDir, 'workspaces', `mission-${mission.slice(0, 8)}`);
  const response = await fetch(`${file.url}/session/status?directory=${encodeURIComponent(directory)}`, {
    headers: { authorization: basicAuthorization(file) },
  });
  return response.json();
};

test('a server that enrols again while it works goes on with the new credential, and its turn with it', async () => {
  const { directory, id, workspaceId } = await secondServer();
  const before = enrolment(directory);
  const mission = await missionOn(workspaceId);
  const stream = await me.stream('?format=delta');
  await me.say('SAY Half.\nWAIT renewed\nSAY Whole.', mission);
  await stack.model.reached('renewed');

  const { code, output } = await enroll(directory, await newCode());

  expect([code, output]).toEqual([0, expect.stringContaining('by itself')]);
  expect(enrolment(directory)).toMatchObject({ id, workspaceId, epoch: before.epoch + 1 });
  expect(enrolment(directory).credential).not.toBe(before.credential);
  expect([await isAccepted(before), await isAccepted(enrolment(directory))]).toEqual([false, true]);
  await vi.waitFor(
    () =>
      expect(readFileSync(join(directory, '.openagent/logs/host-agent.log'), 'utf8')).toMatch(
        /"code":4003[\s\S]*"event":"link.up"/,
      ),
    patience,
  );
  stack.model.release('renewed');
  const ended = await stream.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  expect(ended.data).toMatchObject({ outcome: 'completed', text: 'Half.Whole.' });
  stream.close();
  await stream.ended;
});

test('an enrolment whose answer is lost is finished by the same command, as one server', async () => {
  const directory = machine();
  const proxy = await startAlteringProxy(stack.url());
  onTestFinished(() => void proxy.close());
  proxy.alter = (path, text) => (path === '/api/hosts/enrol' ? null : text);
  const code = await newCode();

  const first = await openagent(directory, ['enroll', proxy.url, code]);
  expect([first.code, first.output]).toEqual([1, expect.stringContaining('the same command again')]);
  expect(existsSync(hostFile(directory))).toBe(false);
  proxy.alter = (_, text) => text;
  const second = await openagent(directory, ['enroll', proxy.url, code]);
  expect([second.code, second.output]).toEqual([0, expect.stringContaining('is enrolled')]);
  const third = await openagent(directory, ['enroll', stack.url(), code, '--replace']);

  expect(third.code).toBe(1);
  expect((await servers()).filter(({ name }) => name === 'second')).toMatchObject([{ id: enrolment(directory).id }]);
  expect(existsSync(join(directory, '.openagent', 'enrolment.json'))).toBe(false);
});

test('the same command given twice is no error, and a used code elsewhere is one', async () => {
  const [directory, other] = [machine(), machine()];
  const code = await newCode();
  await enroll(directory, code);
  const before = enrolment(directory);

  const again = await enroll(directory, code);
  const elsewhere = await enroll(other, code);

  expect([again.code, again.output]).toEqual([0, expect.stringContaining('already')]);
  expect(enrolment(directory)).toEqual(before);
  expect([elsewhere.code, elsewhere.output]).toEqual([1, expect.stringContaining('openagent hosts add')]);
  expect(existsSync(hostFile(other))).toBe(false);
});

test('what can be wrong before anything is asked says what to do and changes nothing', async () => {
  const directory = machine();
  const proxy = await startAlteringProxy(stack.url());
  onTestFinished(() => void proxy.close());
  const code = await newCode();
  const change = (values: object) => (path: string, text: string) =>
    path === '/api/health' ? JSON.stringify({ ...JSON.parse(text), ...values }) : text;
  const attempt = async (url: string, given = code) => {
    const { code: exit, output } = await openagent(directory, ['enroll', url, given]);
    expect(exit).toBe(1);
    expect(existsSync(hostFile(directory))).toBe(false);
    return output;
  };

  const nothing = `http://127.0.0.1:${await claimPort('127.0.0.1', 0)}`;
  expect(await attempt(nothing)).toMatch(/does not answer: .*ECONNREFUSED.*Check the address/);
  proxy.alter = () => '<html>Welcome</html>';
  expect(await attempt(proxy.url)).toContain('not an Open Agent edge');
  expect(await attempt('ftp://x')).toContain('Example: https://');
  expect(await attempt(stack.url(), 'ABCD-EFGH-JKMN-PQRS-TVWX')).toContain('hosts add');
  proxy.alter = change({ link_protocol: 99, version: '9.9.9' });
  expect(await attempt(proxy.url)).toMatch(/9\.9\.9.*Update Open Agent on this machine.*code was not used/s);
  proxy.alter = change({ link_protocol: 0, version: '0.0.1' });
  expect(await attempt(proxy.url)).toMatch(/0\.0\.1.*Update the edge/s);

  proxy.alter = change({ time: new Date(Date.now() - 3_600_000).toISOString() });
  const late = await openagent(directory, ['enroll', proxy.url, code]);
  expect([late.code, late.output]).toEqual([0, expect.stringMatching(/clock is 60 minutes ahead of the edge's/)]);
});

test('an enrolment is not given up by mistake: not for another edge, not by starting one, not for a running one', async () => {
  const directory = machine();
  await enroll(directory, await newCode());
  const before = enrolment(directory);

  const toOther = await openagent(directory, ['enroll', 'http://127.0.0.1:1', 'ABCD']);
  expect([toOther.code, toOther.output]).toEqual([
    1,
    expect.stringMatching(/enrolled at .*nothing was changed.*--replace/s),
  ]);
  const up = launch(directory, {});
  expect([await up.ended, up.output()]).toEqual([1, expect.stringContaining('openagent agent')]);
  expect(enrolment(directory)).toEqual(before);

  const ofRunning = await openagent(stack.workingDir, ['enroll', stack.url(), await newCode(), '--replace']);
  expect([ofRunning.code, ofRunning.output]).toEqual([1, expect.stringContaining('already runs')]);
  const notEnrolled = await openagent(machine(), ['agent']);
  expect([notEnrolled.code, notEnrolled.output]).toEqual([1, expect.stringContaining('openagent hosts add')]);
});

test('doctor says what works here: this server enrolled, the edge answering, the clocks alike', async () => {
  const { directory } = await secondServer();
  const { code, output } = await openagent(directory, ['doctor']);

  expect(output).toMatch(/✓ Node 2\d/);
  expect(output).toMatch(/✓ OpenCode 1\.\d+\.\d+, for /);
  expect(output).toMatch(/✓ enrolled at \S+ as "second"/);
  expect(output).toMatch(/✓ the edge at \S+ answers/);
  expect(output).toMatch(/✓ the edge accepts this machine/);
  expect(output).toMatch(/✓ the log of this server has room/);
  expect(output).toMatch(/✓ clock 0\.\d s/);
  expect([code, output.trimEnd().split('\n').at(-1)]).toEqual([0, 'Everything that is required is here.']);
});

test('the admin’s commands say what is wrong, and never take a password from an argument', async () => {
  const as = (...args: string[]) => openagent(stack.workingDir, ['hosts', ...args], { OPENAGENT_PASSWORD: password });
  const list = await as('list');

  expect([list.code, list.output]).toEqual([0, expect.stringMatching(/ {2}connected/)]);
  expect((await as('remove', 'nobody')).output).toContain('has no server "nobody"');
  expect(await as()).toMatchObject({ code: 2, output: expect.stringContaining('add [name]') });
  const withPassword = await as('add', '--password', 'x');
  expect(withPassword).toMatchObject({ code: 2, output: expect.stringContaining("unknown option '--password'") });
  const wrong = await openagent(stack.workingDir, ['hosts', 'list'], { OPENAGENT_PASSWORD: 'wrong' });
  expect([wrong.code, wrong.output]).toEqual([3, expect.stringContaining('Invalid password')]);
  const none = await openagent(stack.workingDir, ['hosts', 'list']);
  expect([none.code, none.output]).toEqual([1, expect.stringContaining('OPENAGENT_PASSWORD')]);
});
