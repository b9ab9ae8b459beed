// The hands as a process, called as the plug-in in OpenCode does.
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { maxRequestBytes } from '../../host-agent/hands/server/http.ts';
import type { HandsLine } from '../../host-agent/hands/told.ts';
import { callTool, post } from '../support/hands-client.ts';
import { type HandsProcess, startHandsProcess } from '../support/hands-process.ts';
import { temporaryDirectory } from '../support/host-store.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';
import { startHands } from '../support/running-hands.ts';

/** Tools that do what a test says. */
const withTestTools = { testTools: true } as const;

/** For all tests that leave them as they are. */
let hands: HandsProcess;
beforeAll(async () => {
  hands = await startHandsProcess(withTestTools);
});
afterAll(() => hands.close());

test('tools are listed with what models need to call them', async () => {
  const { socket } = hands;

  expect(await post(socket, { jsonrpc: '2.0', id: 1, method: 'tools/list' })).toMatchObject({
    result: {
      tools: expect.arrayContaining([
        {
          name: 'say',
          description: 'Says a text.',
          inputSchema: expect.objectContaining({ properties: { text: { type: 'string' } }, required: ['text'] }),
        },
      ]),
    },
  });
});

test('a call is answered with what the model reads and what a client draws', async () => {
  const directory = await hands.mission('m1');

  expect(await callTool(hands.socket, { tool: 'say', args: { text: 'hello' }, directory })).toMatchObject({
    content: [{ type: 'text', text: 'hello' }],
    isError: false,
    structuredContent: { kind: 'done', title: 'hello', text: 'hello', view: { kind: 'shell', command: 'hello' } },
  });
  expect(await hands.control.health()).toMatchObject({ pid: hands.pid, calls: 0, actors: 1 });
});

test('the sockets are closed to every other user', async () => {
  const { config } = hands;

  expect(statSync(config.directory).mode & 0o777).toBe(0o700);
});

test('two clients at once get each its own', async () => {
  const [one, two] = [await hands.mission('m1'), await hands.mission('m2')];
  const texts = Array.from({ length: 40 }, (_, at) => `${at}`.repeat(at + 1));

  const said = await Promise.all(
    texts.map((text, at) => callTool(hands.socket, { tool: 'say', args: { text }, directory: at % 2 ? one : two })),
  );

  expect(said.map(({ content }) => content[0]?.text)).toEqual(texts);
});

test('what is not granted is asked for, and done once it is', async () => {
  const call = { tool: 'guarded', args: { command: 'ls' }, directory: await hands.mission('m1'), call: 'call_1' };

  const { structuredContent: asked, isError } = await callTool(hands.socket, call);
  expect(asked).toEqual({
    kind: 'asks',
    asks: [{ permission: 'bash', patterns: ['ls'], always: [], metadata: { command: 'ls' } }],
  });
  expect(isError).toBe(true);
  const granted = asked.kind === 'asks' ? asked.asks : [];
  expect(await callTool(hands.socket, { ...call, granted })).toMatchObject({ structuredContent: { text: 'ran' } });
});

test('a call in a directory that is no mission’s is refused, and so is one after the mission was forgotten', async () => {
  const directory = await hands.mission('m1');

  const refused = {
    isError: true,
    structuredContent: { kind: 'failed', text: expect.stringContaining('is none that') },
  };
  expect(await callTool(hands.socket, { tool: 'say', args: { text: 'a' }, directory: '/etc' })).toMatchObject(refused);
  await hands.control.forget('m1');
  expect(await callTool(hands.socket, { tool: 'say', args: { text: 'a' }, directory })).toMatchObject(refused);
});

test('who does not say who calls, and a tool that there is not, are refused by MCP', async () => {
  const directory = await hands.mission('m1');
  const params = { name: 'say', arguments: { text: 'a' }, _meta: { directory } };

  expect(await post(hands.socket, { jsonrpc: '2.0', id: 1, method: 'tools/call', params })).toMatchObject({
    error: { message: expect.stringContaining('session') },
  });
  await expect(callTool(hands.socket, { tool: 'sudo', directory })).rejects.toThrow('There is no tool "sudo" here');
});

test('arguments beyond the limit are refused with what to do, and the next call works', async () => {
  const directory = await hands.mission('m1');
  const text = 'x'.repeat(maxRequestBytes);

  await expect(callTool(hands.socket, { tool: 'say', args: { text }, directory })).rejects.toThrow(
    /413|EPIPE|ECONNRESET/,
  );
  expect(await callTool(hands.socket, { tool: 'say', args: { text: 'a' }, directory })).toMatchObject({
    isError: false,
  });
});

test('a call whose caller is gone is cancelled, with what it had started, and another one goes on', async () => {
  const directory = await hands.mission('m1');
  const [mine, other] = [uniqueSeconds(), uniqueSeconds()];
  const gone = new AbortController();
  const cancelled = callTool(hands.socket, { tool: 'run', args: { seconds: mine }, directory, signal: gone.signal });
  const kept = callTool(hands.socket, { tool: 'run', args: { seconds: other }, directory: await hands.mission('m2') });
  await vi.waitFor(() => expect([mine, other].map((each) => processesWith(each).length)).toEqual([1, 1]));

  gone.abort();

  await expect(cancelled).rejects.toThrow();
  await vi.waitFor(() => expect(processesWith(mine)).toEqual([]));
  expect(processesWith(other)).toHaveLength(1);
  expect(await hands.control.cancel('m2')).toBe(1);
  expect(await kept).toMatchObject({
    isError: true,
    structuredContent: { text: expect.stringContaining('was cancelled') },
  });
});

test('a call that MCP cancels by name is cancelled, with what it had started, and another one goes on', async () => {
  const directory = await hands.mission('m4');
  const [mine, other] = [uniqueSeconds(), uniqueSeconds()];
  const of = (seconds: string, call: string) => ({ tool: 'run', args: { seconds }, directory, call });
  const cancelled = callTool(hands.socket, of(mine, 'call_mine'));
  const kept = callTool(hands.socket, of(other, 'call_other'));
  await vi.waitFor(() => expect([mine, other].map((each) => processesWith(each).length)).toEqual([1, 1]));
  const cancel = (_meta?: object) =>
    post(hands.socket, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, _meta } });

  // Nobody's: both requests have this id.
  await expect(cancel()).rejects.toThrow('answered 202');
  await expect(cancel({ session: 'ses_1', message: 'msg_1', call: 'call_mine' })).rejects.toThrow('answered 202');

  expect(await cancelled).toMatchObject({ structuredContent: { text: expect.stringContaining('was cancelled') } });
  expect(processesWith(mine)).toEqual([]);
  expect(processesWith(other)).toHaveLength(1);
  expect(await hands.control.cancel('m4')).toBe(1);
  await kept;
});

test('one and the same call does not run beside itself', async () => {
  const directory = await hands.mission('m3');
  const seconds = uniqueSeconds();
  const call = { tool: 'run', args: { seconds }, directory, call: 'call_1' };
  const first = callTool(hands.socket, call);
  await vi.waitFor(() => expect(processesWith(seconds)).toHaveLength(1));

  expect(await callTool(hands.socket, call)).toMatchObject({
    structuredContent: { text: expect.stringContaining('running already') },
  });

  await hands.control.cancel('m3');
  await first;
  expect(readFileSync(join(directory, 'runs'), 'utf8')).toBe(`${seconds}\n`);
});

test('known secrets are in nothing that leaves the hands: result, view, asks, live output in pieces', async () => {
  const secret = 'a-key-of-a-provider';
  const file = join(temporaryDirectory(), 'auth.json');
  writeFileSync(file, JSON.stringify({ lab: { type: 'api', key: secret } }));
  const hands = await startHands({ ...withTestTools, secretFiles: [file] });
  const directory = await hands.mission('m1');
  const stop = new AbortController();
  const told: HandsLine[] = [];

  const said = await callTool(hands.socket, { tool: 'say', args: { text: `it is ${secret}!` }, directory });
  await callTool(hands.socket, {
    tool: 'print',
    args: { pieces: [secret.slice(0, 5), secret.slice(5), '.'] },
    directory,
  });
  const guarded = { tool: 'guarded', args: { command: `curl ${secret}` }, directory, call: 'call_1' };
  const { structuredContent: asked } = await callTool(hands.socket, guarded);
  for await (const line of hands.control.events(null, stop.signal)) {
    told.push(line);
    if (line.type === 'ended' && line.how === 'asks') break;
  }

  expect(said.structuredContent).toMatchObject({
    text: 'it is [secret]!',
    title: 'it is [secret]!',
    metadata: { text: 'it is [secret]!' },
  });
  expect(asked).toMatchObject({ asks: [{ patterns: ['curl [secret]'], metadata: { command: 'curl [secret]' } }] });
  expect(told.flatMap((line) => (line.type === 'output' ? [line.text] : [])).join('')).toBe('[secret].');
  expect(JSON.stringify([said, asked, told]) + hands.log()).not.toContain(secret);
  // What was granted as people saw it is what was asked for.
  const granted = asked.kind === 'asks' ? asked.asks : [];
  expect(await callTool(hands.socket, { ...guarded, granted })).toMatchObject({ structuredContent: { text: 'ran' } });
});

test('whoever follows gets what calls do as it happens, comes back where it was, and is told of another life of the hands', async () => {
  const hands = await startHands(withTestTools);
  const directory = await hands.mission('m1', 'ada');
  const lines = hands.control.events(null, new AbortController().signal);
  const next = async (): Promise<HandsLine> => {
    const { value } = await lines.next();
    if (!value) throw new Error('the events ended');
    return value;
  };
  const hello = await next();
  const call = callTool(hands.socket, { tool: 'run', args: { seconds: '0' }, directory, call: 'call_1' });

  expect(hello).toEqual({ type: 'hello', run: expect.any(String), last: 0 });
  const ofCall = { owner: 'ada', mission: 'm1', session: 'ses_1', message: 'msg_1', call: 'call_1' };
  expect(await next()).toMatchObject({ type: 'begun', number: 1, tool: 'run', ...ofCall });
  expect(await next()).toMatchObject({ type: 'output', number: 2, text: 'started 0', ...ofCall });
  expect(await next()).toMatchObject({ type: 'ended', number: 3, how: 'done', view: { kind: 'shell' }, ...ofCall });
  await call;
  const run = hello.type === 'hello' ? hello.run : '';
  const from = async (at: { run: string; after: number }) => {
    const seen: HandsLine[] = [];
    for await (const line of hands.control.events(at, new AbortController().signal)) {
      seen.push(line);
      if (line.type === 'ended') return seen.map((each) => ('number' in each ? each.number : each.type));
    }
    throw new Error('the events ended');
  };
  expect(await from({ run, after: 2 })).toEqual(['hello', 3]);
  expect(await from({ run: 'another', after: 2 })).toEqual(['hello', 1, 2, 3]);
});

test('a reader that reads nothing holds up no call', async () => {
  const directory = await hands.mission('m1');
  const asked = request({ socketPath: join(hands.config.directory, 'control.sock'), path: '/events' }).end();
  await once(asked, 'response'); // And never a byte more.
  const pieces = Array.from({ length: 2_000 }, () => 'x'.repeat(1_000));

  for (let count = 0; count < 5; count++)
    expect(await callTool(hands.socket, { tool: 'print', args: { pieces }, directory })).toMatchObject({
      isError: false,
    });
  asked.destroy();
});

test('a mission without a directory is refused with the reason', async () => {
  const { control } = hands;

  await expect(control.register({ mission: 'm1', directory: 'no path', owner: 'ada' })).rejects.toThrow('directory');
});
