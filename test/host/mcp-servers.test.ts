// MCP servers of a person's configuration run below the hands: what they are given, how they fail, how they end.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod';
import { type HandsProcess, startHandsProcess } from '../support/hands-process.ts';
import { askServer, callServer, initialize, localEntry } from '../support/mcp-client.ts';
import { startMcpHttpServer } from '../support/mcp-http-server.ts';
import { patience } from '../support/patience.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';

let hands: HandsProcess;
beforeAll(async () => {
  hands = await startHandsProcess({ env: { OPENCODE_SERVER_PASSWORD: 'not-for-servers', LANG: 'C.UTF-8' } });
});
afterAll(() => hands.close());

let missions = 0;
/** A mission with the test server as its own, found by a mark. */
const mission = async (...more: string[]) => {
  const mark = `mark:${uniqueSeconds()}`;
  const directory = await hands.mission(`m${++missions}`);
  const at = { directory, definition: localEntry(mark, ...more) };
  return {
    ...at,
    mark,
    id: `m${missions}`,
    call: (tool: string, args: Record<string, unknown> = {}) => callServer(hands.socket, { ...at, tool, args }),
    ask: (method: string, params: Record<string, unknown> = {}) => askServer(hands.socket, { ...at, method, params }),
  };
};

const who = z.object({
  pid: z.number(),
  uid: z.number(),
  cwd: z.string(),
  env: z.record(z.string(), z.string()),
  roots: z.array(z.object({ uri: z.string() })),
  calls: z.number(),
});

test('a server works in its mission’s directory, with what is configured and nothing of ours', async () => {
  const { directory, call } = await mission();

  const { text, failed } = await call('whoami');
  const { env, cwd, roots, uid } = who.parse(JSON.parse(text));

  expect(failed).toBe(false);
  expect(env).toMatchObject({ PLAIN: 'plain-value-1234', TEST_TOKEN: '[secret]', LANG: 'C.UTF-8', HOME: hands.state });
  expect(Object.keys(env).filter((name) => name.startsWith('OPENCODE'))).toEqual([]);
  expect([cwd, uid]).toEqual([directory, process.getuid?.()]);
  expect(roots).toEqual([{ uri: `file://${directory}` }]);
});

test('each mission has a process of its own, from its first call on, and the next one is not told what the first did', async () => {
  const [one, two] = [await mission('shared'), await mission()];
  const second = { ...two, definition: one.definition };
  await one.ask('initialize', initialize.params);
  await one.ask('tools/list');
  await one.call('say');
  const asks = (method: string, params = {}) =>
    askServer(hands.socket, { directory: second.directory, definition: second.definition, method, params });

  // What it offers is known from the first mission's.
  const info = await asks('initialize', initialize.params);
  const { tools } = z.object({ tools: z.array(z.looseObject({ name: z.string() })) }).parse(await asks('tools/list'));
  expect(processesWith(one.mark)).toHaveLength(1);
  const { text } = await callServer(hands.socket, { ...second, tool: 'whoami' });

  expect(info).toMatchObject({ serverInfo: { name: 'test' }, instructions: 'Ask it who it is.' });
  expect(tools.map(({ name }) => name)).toContain('whoami');
  expect(tools.filter((tool) => 'outputSchema' in tool)).toEqual([]);
  expect(who.parse(JSON.parse(text))).toMatchObject({ calls: 1, cwd: second.directory });
  expect(processesWith(one.mark)).toHaveLength(2);
});

test('pictures pass, long texts are cut below OpenCode’s own cut and kept, and errors are the server’s', async () => {
  const { directory, call } = await mission();

  const { content } = await call('picture');
  const long = await call('lines');
  const refused = await call('refuse');

  expect(content).toMatchObject([{ type: 'image', mimeType: 'image/png' }]);
  const path = /all of it is in (\S+)\. /.exec(long.text)?.[1] ?? '';
  expect(path.startsWith(join(directory, 'temp'))).toBe(true);
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(5_000);
  expect(Buffer.byteLength(long.text)).toBeLessThan(50 * 1024);
  expect(refused).toMatchObject({ failed: true, text: expect.stringContaining('it does not like this') });
});

test('prompts and resources pass', async () => {
  const { ask } = await mission();

  expect(await ask('prompts/list')).toMatchObject({ prompts: [{ name: 'greet' }] });
  expect(await ask('prompts/get', { name: 'greet' })).toMatchObject({ messages: [{ role: 'user' }] });
  expect(await ask('resources/list')).toMatchObject({ resources: [{ uri: 'test://book' }] });
  expect(await ask('resources/read', { uri: 'test://book' })).toMatchObject({
    contents: [{ text: 'Once upon a time.' }],
  });
  await expect(ask('sampling/createMessage')).rejects.toThrow('not passed on');
});

test('that its tools are others now is said, and the list is asked for anew', async () => {
  const { directory, definition, ask } = await mission();
  const told: unknown[] = [];
  await ask('tools/list');

  const onProgress = (said: unknown) => told.push(said);
  await callServer(hands.socket, { directory, definition, tool: 'more', onProgress });

  expect(told).toHaveLength(1);
  expect(JSON.stringify(await ask('tools/list'))).toContain('"added"');
});

test.each([
  ['die', /lost in the middle of this call: it ended with code 3\. What it printed last: out of cheese/],
  ['endless', /more than 8 MB at once/],
])(
  'a server that would %s fails its own call with a sentence, and the next call starts it anew',
  async (tool, says) => {
    const [its, other] = [await mission(), await mission()];
    await other.call('say');

    const { failed, text } = await its.call(tool);

    expect(failed).toBe(true);
    expect(text).toMatch(says);
    await vi.waitFor(() => expect(processesWith(its.mark)).toEqual([]), patience);
    expect((await its.call('say', { text: 'again' })).text).toBe('say says again');
    expect(who.parse(JSON.parse((await other.call('whoami')).text)).calls).toBe(2);
  },
);

test.each(['garbage', 'chatter'])('a server that says %s is answered for all the same', async (tool) => {
  const { call } = await mission();

  expect(await call(tool)).toMatchObject({ failed: false });
});

test('what can’t be started is said, with what to do, and stands in the hands’ state', async () => {
  const { directory } = await mission();
  const definition = { type: 'local', command: ['/nowhere/at-all'] };

  await expect(askServer(hands.socket, { directory, name: 'gone', definition, ...initialize })).rejects.toThrow(
    /The MCP server "gone" can't be used: it could not be started: .*ENOENT.*configuration of OpenCode/,
  );
  expect((await hands.control.health()).mcp).toContainEqual({
    owner: 'ada',
    server: 'gone',
    type: 'local',
    failure: expect.stringContaining('could not be started'),
  });
});

test('one that says nothing has as long as its configuration gives it', async () => {
  const { directory, definition, mark } = await mission('slow');
  const given = 200;
  const slow = { ...definition, timeout: given };

  await expect(askServer(hands.socket, { directory, definition: slow, ...initialize })).rejects.toThrow(
    'it did not answer within 0.2 s',
  );
  await vi.waitFor(() => expect(processesWith(mark)).toEqual([]), patience);
});

test('an entry that OpenCode would not take is named', async () => {
  const { directory } = await mission();

  await expect(
    askServer(hands.socket, { directory, name: 'odd', definition: { type: 'local' }, ...initialize }),
  ).rejects.toThrow('The entry "odd" under "mcp"');
});

test('a call from a directory that is no mission’s is refused, and starts nothing', async () => {
  const { definition, mark } = await mission();

  await expect(callServer(hands.socket, { directory: '/tmp', definition, tool: 'say' })).rejects.toThrow(
    'the directory of none that is known',
  );
  expect(processesWith(mark)).toEqual([]);
});

test('a call that is given up reaches the server, and the mission’s cancel as well', async () => {
  const { directory, definition, id } = await mission();
  const file = join(directory, 'notes');
  const begins = (count: number) =>
    vi.waitFor(() => expect(readFileSync(file, 'utf8').match(/began/g)).toHaveLength(count), patience);
  const stop = new AbortController();
  const args = { file };
  const given = callServer(hands.socket, { directory, definition, tool: 'wait', args, signal: stop.signal });
  await begins(1);

  stop.abort();

  await expect(given).rejects.toThrow();
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('began\ncancelled\n'), patience);
  const cancelled = callServer(hands.socket, { directory, definition, tool: 'wait', args });
  const ended = expect(cancelled).rejects.toThrow();
  await begins(2);
  expect(await hands.control.cancel(id)).toBe(1);
  await ended;
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('began\ncancelled\n'.repeat(2)), patience);
});

test('what a mission’s servers run ends with the mission, and with the hands', async () => {
  const [one, two] = [await mission(), await mission()];
  await Promise.all([one.call('say'), two.call('say')]);
  expect([processesWith(one.mark), processesWith(two.mark)]).toMatchObject([{ length: 1 }, { length: 1 }]);

  await hands.control.forget(one.id);

  await vi.waitFor(() => expect(processesWith(one.mark)).toEqual([]), patience);
  expect(processesWith(two.mark)).toHaveLength(1);
  process.kill(hands.actor(), 'SIGKILL');
  await vi.waitFor(() => expect(processesWith(two.mark)).toEqual([]), patience);
});

test('a server on the network is reached by the hands, with its headers, which nobody sees', async () => {
  const token = 'header-secret-5678';
  const remote = await startMcpHttpServer(token);
  onTestFinished(remote.close);
  const { directory } = await mission();
  const definition = { type: 'remote', url: remote.url, headers: { Authorization: `Bearer ${token}` } };

  const info = await askServer(hands.socket, { directory, definition, ...initialize });
  const { text } = await callServer(hands.socket, { directory, definition, tool: 'whoami' });

  expect(info).toMatchObject({ serverInfo: { name: 'test' } });
  expect(text).not.toContain(token);
  expect(JSON.parse(text).headers.authorization).toContain('[secret]');
  await expect(
    askServer(hands.socket, { directory, name: 'other', definition: { ...definition, headers: {} }, ...initialize }),
  ).rejects.toThrow(/takes only who has logged in \(401\)/);
  expect(existsSync(join(directory, 'temp'))).toBe(false);
});
