import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { identityOf } from '../../host-agent/process/identity.ts';
import { processTree } from '../../host-agent/process/tree.ts';
import { temporaryDirectory } from '../support/host-store.ts';
import { alive } from '../support/launched.ts';
import { patience } from '../support/patience.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';
import type { StreamReader } from '../support/sse-reader.ts';
import { answered, type Person, type Stack, startStack } from '../support/stack.ts';

/** Several starts of the whole system. */

let stack: Stack | undefined;
afterEach(async () => {
  await stack?.close();
  stack = undefined;
});

/** Does not end by itself, by the end of its input or by a signal that asks. */
const stubborn =
  "for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => {}); setInterval(() => {}, 1 << 30)";

/** A plug-in of a person's, which starts a process in OpenCode, once. */
const pluginThatStarts = (command: readonly string[]): string => `import { spawn } from 'node:child_process';
let isStarted = false;
export const Starts = async () => {
  const [file, ...args] = ${JSON.stringify(command)};
  if (!isStarted) spawn(file, args, { stdio: 'ignore', detached: true });
  isStarted = true;
  return {};
};
`;

/** A stack whose OpenCode has a child that does not want to end. */
const start = async () => {
  const directory = temporaryDirectory();
  const marker = `marker-${uniqueSeconds()}`;
  const files = {
    plugin: join(directory, 'starts.js'),
    config: join(directory, 'opencode.json'),
    models: join(directory, 'models.json'),
  };
  writeFileSync(files.plugin, pluginThatStarts([process.execPath, '-e', stubborn, marker]));
  writeFileSync(files.config, JSON.stringify({ plugin: [pathToFileURL(files.plugin).href] }));
  writeFileSync(files.models, '{}');
  const started = await startStack({ OPENCODE_CONFIG: files.config, OPENCODE_MODELS_PATH: files.models });
  stack = started;
  const me = await started.person();
  const stream = await me.stream('?format=delta');
  onTestFinished(stream.close);
  return { stack: started, me, stream, marker };
};

/** A turn in which a tool has left a daemon, and the model or (`foreground`) the tool hangs. */
const leaveDaemon = async (stack: Stack, me: Person, foreground?: string) => {
  const daemon = uniqueSeconds();
  const command = `setsid sleep ${daemon} >/dev/null 2>&1 </dev/null & ${foreground ? `sleep ${foreground}` : 'echo started'}`;
  const content = `TOOL bash ${JSON.stringify({ command, description: 'Sleep' })}\nHANG`;
  const { mission } = await me.say(content);
  if (!foreground) await stack.model.asked(({ userText, step }) => userText === content && step === 1);
  await vi.waitFor(() => expect(processesWith(daemon)).toHaveLength(1), patience);
  return { mission, daemon };
};

const reaped = ({ name, data }: { name: string; data: Record<string, unknown> }) =>
  name === 'host.note' && data.code === 'reaped';

/**
 * The names in a note. OpenCode runs programs of its own now and then (git, for its snapshots), which may be among
 * them.
 */
const namedIn = ({ data }: { data: Record<string, unknown> }) =>
  /process(?:es)? \((.+?)\)/.exec(String(data.text))?.[1]?.split(', ');

const openCodeTree = (stack: Stack) => processTree(stack.launched().processes().opencode?.pid ?? 0);

const notes = (stream: StreamReader) => stream.events.filter(reaped);

test('what OpenCode started is gone when it was killed, and the log says so; what an agent has left running goes on', async () => {
  const { stack, me, stream, marker } = await start();
  const { daemon } = await leaveDaemon(stack, me);
  expect(processesWith(marker)).toHaveLength(1);
  const tree = openCodeTree(stack);
  const openCode = tree.find(({ name }) => name === 'opencode');

  process.kill(openCode?.identity.pid ?? 0, 'SIGKILL');

  await vi.waitFor(() => expect(alive(tree.map(({ identity }) => identity))).toEqual([]), patience);
  expect(processesWith(marker)).toEqual([]);
  const note = await stream.until(reaped);
  expect(note.data.text).toMatch(/^OpenCode ended with code 137, and .* that it or its plug-ins had/);
  expect(namedIn(note)).toContain('node');
  expect(namedIn(note)).not.toContain('sleep');
  expect(processesWith(daemon)).toHaveLength(1);
  expect(note.id).not.toBeNull();
});

test('what OpenCode started is gone when the holder of its namespace was killed; what is not known is not told', async () => {
  const { stack, me, stream, marker } = await start();
  const { daemon } = await leaveDaemon(stack, me);
  const tree = openCodeTree(stack);

  stack.kill('opencode');

  await vi.waitFor(() => expect(alive(tree.map(({ identity }) => identity))).toEqual([]), patience);
  expect(processesWith(marker)).toEqual([]);
  expect(processesWith(daemon)).toHaveLength(1);
  await stack.launched().printed(/OpenCode runs again/);
  const { mission } = await me.say('SAY Afterwards.');
  await stream.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  expect(notes(stream)).toEqual([]);
});

test('a stopped launcher leaves nothing, and the next start tells once what had to be ended', async () => {
  const { stack, me, stream, marker } = await start();
  const { daemon } = await leaveDaemon(stack, me);
  const tree = openCodeTree(stack);
  const cursor = stream.lastId() ?? '';

  await stack.restart();

  expect(alive(tree.map(({ identity }) => identity))).toEqual([]);
  expect([...processesWith(daemon), ...processesWith(marker)]).toEqual([]);
  const after = await me.stream('?format=delta', { 'Last-Event-ID': cursor });
  onTestFinished(after.close);
  const note = await after.until(reaped);
  expect(note.data.text).toMatch(/^OpenCode was stopped, and /);
  expect(namedIn(note)).toContain('node');
  const { mission } = await me.say('SAY Afterwards.');
  await after.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  expect(notes(after)).toHaveLength(1);
});

test('a killed launcher leaves nothing, and the next start continues', async () => {
  const { stack, me, marker } = await start();
  const { daemon } = await leaveDaemon(stack, me);
  const tree = openCodeTree(stack);

  stack.kill('launcher');

  await vi.waitFor(() => expect(alive(tree.map(({ identity }) => identity))).toEqual([]), patience);
  expect([...processesWith(daemon), ...processesWith(marker)]).toEqual([]);
  await stack.restart();
  const stream = await me.stream();
  onTestFinished(stream.close);
  const { mission } = await me.say('SAY Afterwards.');
  expect((await stream.until(answered(mission))).data).toMatchObject({ success: true });
});

test('a cancel ends all that the command has started, also a daemon that left its process group and its session', async () => {
  const { stack, me, stream } = await start();
  const foreground = uniqueSeconds();
  const { mission, daemon } = await leaveDaemon(stack, me, foreground);
  await vi.waitFor(() => expect(processesWith(foreground).length).toBeGreaterThan(0), patience);

  await me.call('POST', `/api/control/missions/${mission}/cancel`);
  await stream.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);

  await vi.waitFor(() => expect([...processesWith(foreground), ...processesWith(daemon)]).toEqual([]), patience);
});

test('what an agent has left running ends with the hands', async () => {
  const { stack, me } = await start();
  const { daemon } = await leaveDaemon(stack, me);

  process.kill(stack.launched().processes().hands?.pid ?? 0, 'SIGKILL');

  await vi.waitFor(() => expect(processesWith(daemon)).toEqual([]), patience);
});

test('what a killed launcher left is found by its recorded identity, ended, and told', async () => {
  const { stack, me, stream } = await start();
  // A stream holds the servers that have something of its user.
  await me.say('SAY Here.');
  await stream.until(({ name }) => name === 'turn.ended');
  stack.launched().kill('SIGTERM');
  await stack.launched().ended;
  const seconds = uniqueSeconds();
  const left = spawn('sh', ['-c', `sleep ${seconds}; true`], { detached: true, stdio: 'ignore' });
  await vi.waitFor(() => expect(processesWith(seconds)).toHaveLength(1), patience);
  const record = join(stack.workingDir, '.openagent', 'processes.json');
  writeFileSync(record, JSON.stringify({ edge: identityOf(left.pid ?? 0) }));
  const cursor = stream.lastId() ?? '';

  await stack.restart();

  expect(processesWith(seconds)).toEqual([]);
  const after = await me.stream('?format=delta', { 'Last-Event-ID': cursor });
  onTestFinished(after.close);
  const text =
    'A launcher that was killed had left 2 processes (sh, sleep) running. They were ended at the next start.';
  await after.until((event) => reaped(event) && event.data.text === text);
});
