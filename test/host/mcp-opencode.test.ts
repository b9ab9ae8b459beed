// MCP servers of a person's configuration, used by agents in the real OpenCode: by way of the hands, never by itself.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startLab } from '../support/lab.ts';
import { localEntry } from '../support/mcp-client.ts';
import { startMcpHttpServer } from '../support/mcp-http-server.ts';
import type { MissionHost } from '../support/mission-host.ts';
import { optionsFor, say, startHost } from '../support/mission-lab.ts';
import { patience } from '../support/patience.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';

const token = 'header-secret-5678';
const mark = `mark:${uniqueSeconds()}`;

let remote: Awaited<ReturnType<typeof startMcpHttpServer>>;
let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  remote = await startMcpHttpServer(token);
  const mcp = {
    'my.own': localEntry(mark),
    far: { type: 'remote', url: remote.url, headers: { Authorization: `Bearer ${token}` } },
    gone: { type: 'local', command: ['/nowhere/at-all'] },
    off: { ...localEntry('off'), enabled: false },
  };
  lab = await startLab({ config: { mcp } });
});
afterAll(async () => {
  await lab.close();
  await remote.close();
});

const calls = (tool: string, args: object = {}): string => `TOOL ${tool} ${JSON.stringify(args)}`;

/** Runs a script to its end; `during` is done while it runs. */
const run = async (
  text: string,
  during: (host: MissionHost, command: ReturnType<typeof say>) => Promise<void> = async () => undefined,
  args: { model?: string } = {},
) => {
  const host = startHost(optionsFor(lab.openCode));
  const command = say(text, {}, args);
  host.give(command);
  host.dispatch.welcome();
  await during(host, command);
  const { outcome } = await host.ended(command.id);
  const results = host.events(command.mission).filter((event) => event.type === 'tool.result');
  const called = host.events(command.mission).filter((event) => event.type === 'tool.called');
  const directory = host.store.missions.get(command.mission)?.directory ?? '';
  return { host, outcome, results, called, directory };
};

test('their tools have the names that they had, and are called with what the agent gave', async () => {
  const { results, called, outcome } = await run(
    [calls('my_own_say', { text: 'hello' }), calls('far_say', { text: 'there' }), 'SAY Over.'].join('\n'),
  );

  expect(outcome).toBe('completed');
  expect(results).toMatchObject([
    { name: 'my_own_say', result: 'say says hello', failed: false },
    { name: 'far_say', result: 'say says there', failed: false },
  ]);
  expect(called.map(({ args }) => args)).toEqual([{ text: 'hello' }, { text: 'there' }]);
  const offered = lab.model.requests.at(-1)?.tools ?? [];
  expect(offered).toEqual(expect.arrayContaining(['my_own_whoami', 'far_whoami']));
  expect(offered.filter((name) => /^(off|gone)_/.test(name))).toEqual([]);
});

test('OpenCode starts none of them and has nothing of their secrets; they have nothing of its', async () => {
  const { results, directory } = await run(`${calls('my_own_whoami')}\nSAY Over.`);

  const said = JSON.parse(String(results[0]?.result));
  expect(said.env).toMatchObject({ PLAIN: 'plain-value-1234', TEST_TOKEN: '[secret]' });
  expect(JSON.stringify(said.env)).not.toMatch(/OPENCODE|password/i);
  expect(said.cwd).toBe(directory);
  for (const pid of processesWith(mark)) expect(ancestors(pid)).toContain(lab.hands?.pid);
  const seen = JSON.stringify(await lab.call('GET', `/config?directory=${encodeURIComponent(directory)}`));
  expect(seen).toContain('my.own');
  for (const secret of [token, 'environment-secret-1234', 'plain-value-1234']) expect(seen).not.toContain(secret);
});

/** Pids from a process up to the first. */
const ancestors = (pid: number): number[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  return parent > 0 ? [parent, ...ancestors(parent)] : [];
};

test('a picture is shown to a model that sees', async () => {
  await run(`${calls('my_own_picture')}\nSAY Over.`, undefined, { model: 'lab/eyes' });

  expect(lab.model.requests.at(-1)?.images).toEqual([expect.stringMatching(/^data:image\/png;base64,/)]);
});

test('a tool that a server adds while it works is offered', async () => {
  const stop = new AbortController();
  const events = await fetch(`${lab.openCode.url}/global/event`, {
    headers: { authorization: lab.authorization },
    signal: stop.signal,
  });
  const text = events.body?.pipeThrough(new TextDecoderStream()) ?? [];
  const script = [calls('my_own_more'), 'WAIT listed', calls('my_own_say'), calls('my_own_added'), 'SAY Over.'];

  const { results } = await run(script.join('\n'), async () => {
    for await (const piece of text) if (piece.includes('mcp.tools.changed')) break;
    lab.model.release('listed');
  });
  stop.abort();

  expect(results.at(-1)).toMatchObject({ name: 'my_own_added', result: 'added says nothing' });
});

test('OpenCode says of a server that can’t be started why', async () => {
  const { directory } = await run('SAY Hello.');

  expect(await lab.call('GET', `/mcp?directory=${encodeURIComponent(directory)}`)).toMatchObject({
    'my.own': { status: 'connected' },
    far: { status: 'connected' },
    off: { status: 'disabled' },
    gone: { status: 'failed', error: expect.stringContaining('could not be started') },
  });
});

test('a cancel reaches the server, and nothing runs twice', async () => {
  const notes: string[] = [];
  const { outcome } = await run(`${calls('my_own_wait', { file: 'notes' })}\nSAY Over.`, async (host, command) => {
    const file = () => join(host.store.missions.get(command.mission)?.directory ?? '', 'notes');
    await vi.waitFor(() => expect(readFileSync(file(), 'utf8')).toBe('began\n'), patience);
    host.cancel(command);
    await vi.waitFor(() => expect(readFileSync(file(), 'utf8')).toContain('cancelled'), patience);
    notes.push(readFileSync(file(), 'utf8'));
  });

  expect([outcome, notes]).toEqual(['cancelled', ['began\ncancelled\n']]);
});
