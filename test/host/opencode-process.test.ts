import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { prepareOpenCode } from '../../host-agent/opencode/process/prepare.ts';
import { startOpenCode } from '../../host-agent/opencode/process/process.ts';
import { containmentMeans } from '../../host-agent/process/means.ts';
import { labConfig, labEnvironment, openCodeCalls, startLab } from '../support/lab.ts';
import { startModel } from '../support/model.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const temporary = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'process-'));
  closing.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};

const lab = async (env: Record<string, string> = {}, hands?: 'none') => {
  const started = await startLab({ env, hands });
  closing.push(started.close);
  return started;
};

const bash = (command: string): string => `TOOL bash ${JSON.stringify({ command, description: 'Test' })}`;

const detachedSleep = (seconds: string): string =>
  bash(`setsid sleep ${seconds} >/dev/null 2>&1 </dev/null & echo started`);

// OpenCode's own bash stands in for what OpenCode itself starts: what plug-ins of a person run.
test('a detached process of a bash tool is gone when stop resolves', async () => {
  const { openCode, model, missionDirectory, createSession, prompt } = await lab({}, 'none');
  const seconds = uniqueSeconds();
  await prompt(await createSession(missionDirectory('a'), 'Sleep'), `${detachedSleep(seconds)}\nHANG`);
  await model.asked((request) => request.step === 1);
  expect(processesWith(seconds)).toHaveLength(1);

  await openCode.stop();

  expect(processesWith(seconds)).toEqual([]);
  expect(openCode.notGuaranteed).toBeUndefined();
});

test('OpenCode and a detached process are gone when their owner is killed', async () => {
  const model = await startModel();
  closing.push(model.close);
  const dir = temporary();
  const program = join(import.meta.dirname, '../support/own-opencode.ts');
  const owner = spawn(process.execPath, ['--no-warnings', program, join(dir, 'opencode')], {
    env: labEnvironment(labConfig(model.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closing.push(() => owner.kill('SIGKILL'));
  const [line] = await once(createInterface({ input: owner.stdout }), 'line');
  const server = z.object({ url: z.string(), username: z.string(), password: z.string() }).parse(JSON.parse(line));
  const { createSession, prompt } = openCodeCalls(server);
  const seconds = uniqueSeconds();
  await prompt(await createSession(dir, 'Sleep'), `${detachedSleep(seconds)}\nHANG`);
  await model.asked((request) => request.step === 1);
  const port = new URL(server.url).port;
  expect([processesWith(seconds).length, processesWith(port).length > 0]).toEqual([1, true]);

  owner.kill('SIGKILL');

  await vi.waitFor(() => expect([...processesWith(seconds), ...processesWith(port)]).toEqual([]));
});

test('tools see no key, and the model gets it all the same', async () => {
  const secret = 'lab-key-of-the-test';
  const model = await startModel();
  closing.push(model.close);
  const { prepared, missionDirectory, createSession, prompt, call } = await lab({
    OPENCODE_CONFIG_CONTENT: labConfig(model.url, secret),
    ANTHROPIC_API_KEY: 'sk-ant-of-the-test',
  });
  const session = await createSession(missionDirectory('a'), 'Environment');
  await prompt(session, `${bash("env; cat /proc/[0-9]*/environ | tr '\\0' '\\n'")}\nHANG`);
  const asked = await model.asked((request) => request.step === 1);

  const history = JSON.stringify(await call('GET', `/session/${session}/message`));
  expect(history).toContain('PATH='); // the environment is there
  expect(history).not.toMatch(/lab-key-of-the-test|sk-ant-of-the-test/);
  expect(asked.apiKey).toBe(secret);
  expect(prepared.secrets).toEqual(expect.arrayContaining([secret, 'sk-ant-of-the-test']));
});

test('nothing asks: env files, paths outside, the same call again, agents that only read', async () => {
  const { model, missionDirectory, createSession, prompt, call } = await lab();
  const directory = missionDirectory('a');
  const same = bash('true');
  const read = (filePath: string) => `TOOL read ${JSON.stringify({ filePath })}`;
  const write = `TOOL write ${JSON.stringify({ filePath: join(directory, '.env'), content: 'A=1' })}`;
  await prompt(
    await createSession(directory, 'Permissions'),
    [
      write,
      read(join(directory, '.env')),
      read('/etc/passwd'),
      same,
      same,
      same,
      same,
      'TOOL grep {"pattern":"A="}',
      'SAY end',
    ].join('\n'),
  );

  const last = await model.sent((request) => request.step === 8 && request.outcome === 'done');

  expect(last.sent.map(({ text }) => text)).toEqual(['end']);
  expect(await call('GET', `/permission?directory=${encodeURIComponent(directory)}`)).toEqual([]);
  const agents = z
    .array(
      z.object({ name: z.string(), permission: z.array(z.object({ permission: z.string(), action: z.string() })) }),
    )
    .parse(await call('GET', `/agent?directory=${encodeURIComponent(directory)}`));
  const editing = (name: string) =>
    agents
      .find((agent) => agent.name === name)
      ?.permission.filter(({ permission }) => permission === 'edit' || permission === '*')
      .map(({ action }) => action);
  expect(editing('explore')?.at(-1)).toBe('deny');
  expect(editing('plan')).toContain('deny');
});

test('without a PID namespace it starts and stops, and says what is not guaranteed', async () => {
  const prepared = await prepareOpenCode({ dir: temporary(), env: { PATH: process.env.PATH } });
  const means = { ...(await containmentMeans()), pidNamespace: false };
  const openCode = await startOpenCode({ prepared, means });
  expect(openCode.notGuaranteed).toContain('may remain');

  await openCode.stop();

  await expect(fetch(`${openCode.url}/global/health`)).rejects.toThrow();
  expect(processesWith(new URL(openCode.url).port)).toEqual([]);
});

test('a failed start says why, without secrets, and leaves nothing', async () => {
  const prepared = await prepareOpenCode({ dir: temporary(), env: { PATH: process.env.PATH } });
  const env = { ...prepared.env, XDG_DATA_HOME: '/proc/nowhere' };

  const failure = await startOpenCode({ prepared: { ...prepared, env } }).catch(String);

  expect(failure).toContain('OpenCode did not start');
  expect(failure).toContain('/proc/nowhere');
  expect(failure).not.toContain(prepared.password);
});
