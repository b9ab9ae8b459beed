import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startLab } from '../support/lab.ts';
import { startProxy } from '../support/loopback-proxy.ts';
import { answered, startStack } from '../support/stack.ts';

const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
};

const stackOf = async (environment?: Record<string, string>) => {
  const stack = await startStack(environment);
  onTestFinished(stack.close);
  const me = await stack.person();
  const stream = await me.stream();
  onTestFinished(stream.close);
  const statusOf = async (mission: string) => (await me.call('GET', `/api/control/missions/${mission}`)).json.status;
  return { stack, me, stream, statusOf };
};

test('a message for an OPENCODE_BASE_URL where nothing answers fails and says so; once OpenCode is there, the next one works', async () => {
  const lab = await startLab();
  onTestFinished(lab.close);
  const port = await closedPort();
  const { username, password } = lab.openCode;
  const { stack, me, stream, statusOf } = await stackOf({
    OPENCODE_BASE_URL: `http://${username}:${password}@127.0.0.1:${port}`,
  });

  const { mission } = await me.say('SAY Too early.');
  const failed = await stream.until(answered(mission));

  expect(failed.data.success).toBe(false);
  expect(failed.data.content).toContain(`nothing answers at http://127.0.0.1:${port}`);
  expect(failed.data.content).toContain('OPENCODE_BASE_URL');
  expect(JSON.stringify(stream.events)).not.toContain(password);
  expect(await statusOf(mission)).toBe('failed');
  expect((await me.call('GET', '/api/control/running')).json).toEqual([]);

  await startProxy(lab.openCode.url, port);
  await stack.launched().printed(/OPENCODE_BASE_URL: OpenCode answers there/);
  const next = await me.say('SAY In time.');

  expect((await stream.until(answered(next.mission))).data).toMatchObject({ success: true, content: 'In time.' });
});

test('while OpenCode only restarts a message waits; when it can not be started the message fails with the reason, and a mended one works', async () => {
  const { stack, me, stream, statusOf } = await stackOf();
  stack.kill('opencode');
  const waiting = await me.say('SAY Waited.');
  expect((await stream.until(answered(waiting.mission))).data).toMatchObject({ success: true, content: 'Waited.' });

  const database = join(stack.workingDir, '.openagent/opencode/data/opencode/opencode.db');
  for (const suffix of ['-wal', '-shm']) rmSync(database + suffix, { force: true });
  writeFileSync(database, 'no database '.repeat(1_000));
  stack.kill('opencode');
  const { mission } = await me.say('SAY Never.');
  const failed = await stream.until(answered(mission));

  expect(failed.data.success).toBe(false);
  expect(failed.data.content).toMatch(
    /OpenCode can't be started on this server: .*file is not a database.*launcher\.log/,
  );
  expect(await statusOf(mission)).toBe('failed');
  expect(stack.model.requests.some(({ userText }) => userText === 'SAY Never.')).toBe(false);
  const said = readFileSync(join(stack.workingDir, '.openagent/logs/launcher.log'), 'utf8');
  expect(said).toContain('file is not a database');

  rmSync(database);
  await stack.launched().printed(/(OpenCode runs again.*){2}/s);
  const next = await me.say('SAY Mended.');

  expect((await stream.until(answered(next.mission))).data).toMatchObject({ success: true, content: 'Mended.' });
});
