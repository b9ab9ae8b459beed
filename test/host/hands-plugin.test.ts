import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Ask, Outcome } from '../../host-agent/hands/call/outcome.ts';
import { declaredTools } from '../../host-agent/hands/declared/all.ts';
import { openCodeClient } from '../../host-agent/opencode/api/client.ts';
import { endpointFile } from '../../host-agent/opencode/api/endpoint.ts';
import { missingTools } from '../../host-agent/opencode/plugin/missing-tools.ts';
import type { MissionId } from '../../shared/ids.ts';
import { answerTo, delegates } from '../support/asking-agent.ts';
import { startLab } from '../support/lab.ts';
import type { MissionHost } from '../support/mission-host.ts';
import { optionsFor, say, startHost } from '../support/mission-lab.ts';
import { type Script, startScriptedHands } from '../support/scripted-hands.ts';

const view = { kind: 'shell', command: 'x', directory: '/', exitCode: 0, tail: '', isCut: false } as const;
const done = (text: string, more: object = {}): Outcome => ({ kind: 'done', title: 'Title', text, view, ...more });
/** A line that calls a tool of ours. */
const reads = (path: string): string => `TOOL read ${JSON.stringify({ filePath: path })}`;
const bash = (pattern: string): Ask => ({
  permission: 'bash',
  patterns: [pattern],
  always: [`${pattern.split(' ')[0]} *`],
  metadata: { command: pattern },
});

let script: Script;
let hands: Awaited<ReturnType<typeof startScriptedHands>>;
let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  hands = await startScriptedHands((call) => script(call));
  const env = {
    OPENCODE_PERMISSIVE: 'false',
    OPENCODE_PERMISSION: '{"bash":{"*":"ask","ls *":"allow","rm *":"deny"}}',
  };
  lab = await startLab({ hands: hands.socket, env });
});
afterAll(async () => {
  await lab.close();
  await hands.close();
});
beforeEach(() => {
  hands.calls.length = 0;
  script = () => done('done');
});

/** Runs a script until its turn ends, and answers what it asks. */
const run = async (text: string, answer?: (host: MissionHost, mission: MissionId) => Promise<void>) => {
  const host = startHost(optionsFor(lab.openCode, { permissive: false }));
  const command = say(text);
  host.give(command);
  host.dispatch.welcome();
  await answer?.(host, command.mission);
  const { outcome } = await host.ended(command.id);
  const results = host.events(command.mission).filter((event) => event.type === 'tool.result');
  const asks = host.events(command.mission).filter((event) => event.type === 'request.asked');
  return { host, mission: command.mission, outcome, results, asks };
};

const replies =
  (reply: 'once' | 'always' | 'reject', message: string | null = null) =>
  async (host: MissionHost, mission: MissionId): Promise<void> => {
    const { request } = await host.event('request.asked', mission);
    host.give(answerTo(mission, { kind: 'permission', request, reply, message }));
  };

/** Asks for each of `asks` until it is granted. */
const asking =
  (...asks: Ask[]): Script =>
  ({ meta }) => {
    const granted = Array.isArray(meta.granted) ? meta.granted.length : 0;
    const next = asks[granted];
    return next ? { kind: 'asks', asks: [next] } : done('It ran.');
  };

test('a call reaches the hands with its arguments and who calls, and its result reaches the agent', async () => {
  script = () => done('From the hands.');

  const { host, mission, outcome, results } = await run(`${reads('a.txt')}\nSAY Over.`);

  const [call] = hands.calls;
  expect(call).toMatchObject({ name: 'read', args: { filePath: 'a.txt' }, meta: { agent: 'build', granted: [] } });
  expect(call?.meta.directory).toContain(`mission-${mission.slice(0, 8)}`);
  expect(call?.meta.session).toBe(host.store.missions.get(mission)?.session);
  expect(call?.meta).toMatchObject({ call: 'call_1', message: expect.stringMatching(/^msg_/) });
  expect(results).toMatchObject([{ name: 'read', result: 'From the hands.', failed: false }]);
  expect([outcome, hands.calls.length]).toEqual(['completed', 1]);
});

test('sub-agents have our tools too, and OpenCode lists all of them', async () => {
  const { results } = await run(`${delegates(`${reads('child.txt')}\nSAY Child.`)}\nSAY Over.`);
  const client = openCodeClient(endpointFile(optionsFor(lab.openCode).serverFile));

  expect(results).toHaveLength(2);
  expect(hands.calls.map(({ name, meta }) => [name, meta.agent])).toEqual([['read', 'general']]);
  expect(missingTools(await client.toolNames(lab.missionDirectory('listed')), declaredTools)).toEqual([]);
});

test('what OpenCode’s rules allow is granted without asking anybody', async () => {
  script = asking(bash('ls -l'));

  const { asks, outcome, results } = await run(`${reads('ls -l')}\nSAY Over.`);

  expect([asks, outcome]).toEqual([[], 'completed']);
  expect(results).toMatchObject([{ result: 'It ran.' }]);
  expect(hands.calls.map(({ meta }) => meta.granted)).toEqual([[], [bash('ls -l')]]);
});

test('what they deny is not done, and the agent goes on', async () => {
  script = asking(bash('rm x'));

  const { asks, outcome, results } = await run(`${reads('rm x')}\nSAY Over.`);

  expect([asks, outcome, hands.calls.length]).toEqual([[], 'completed', 1]);
  expect(results).toMatchObject([{ failed: true, result: { error: expect.stringContaining('rule which prevents') } }]);
});

test.each([
  ['once', null, 'completed', 2],
  ['reject', null, 'interrupted', 1],
  ['reject', 'Not this.', 'completed', 1],
] as const)('a person is asked once, and with %s (%s) the turn ends %s', async (reply, message, ends, calls) => {
  script = asking(bash('make it'));

  const { asks, outcome } = await run(`${reads('make it')}\nSAY Over.`, replies(reply, message));

  expect(asks).toMatchObject([{ kind: 'permission', body: { permission: 'bash', patterns: ['make it'] } }]);
  expect([outcome, hands.calls.length]).toEqual([ends, calls]);
});

test('each of several permissions is asked, and all are granted together', async () => {
  script = asking(bash('ls a'), bash('ls b'));

  await run(`${reads('ls a && ls b')}\nSAY Over.`);

  expect(hands.calls.at(-1)?.meta.granted).toEqual([bash('ls a'), bash('ls b')]);
});

test('hands that ask for what was granted are not asked for ever', async () => {
  script = () => ({ kind: 'asks', asks: [bash('ls x')] });

  const { outcome, results } = await run(`${reads('ls x')}\nSAY Over.`);

  expect([outcome, hands.calls.length]).toEqual(['completed', 2]);
  expect(results).toMatchObject([{ failed: true, result: { error: expect.stringContaining('allowed already') } }]);
});

test('a failure is told to the agent in the words of the hands', async () => {
  script = () => ({ kind: 'failed', text: 'There is no x. Make it first.' });

  const { outcome, results } = await run(`${reads('a.txt')}\nSAY Over.`);

  expect(outcome).toBe('completed');
  expect(results).toMatchObject([{ failed: true, result: { error: 'There is no x. Make it first.' } }]);
});

test('a cancel ends the call in the hands', async () => {
  const reached = Promise.withResolvers<AbortSignal>();
  script = ({ signal }) => {
    reached.resolve(signal);
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve('cut'), { once: true }));
  };
  const host = startHost(optionsFor(lab.openCode));
  const command = say(`${reads('sleep 1000')}\nSAY Over.`);
  host.give(command);
  host.dispatch.welcome();
  const signal = await reached.promise;

  host.cancel(command);

  expect((await host.ended(command.id)).outcome).toBe('cancelled');
  await vi.waitFor(() => expect(signal.aborted).toBe(true));
});

test('hands that end in the middle of a call are not called again, and the agent is told to look', async () => {
  script = () => 'cut';

  const { outcome, results } = await run(`${reads('a.txt')}\nSAY Over.`);

  expect([outcome, hands.calls.length]).toEqual(['completed', 1]);
  expect(results).toMatchObject([
    { failed: true, result: { error: expect.stringContaining('Look at what is there') } },
  ]);
});

test('a call waits for hands that are being started', async () => {
  const { socket } = hands;
  await hands.close();
  const host = startHost(optionsFor(lab.openCode));
  const command = say(`${reads('a.txt')}\nSAY Over.`);
  host.give(command);
  host.dispatch.welcome();
  await host.event('tool.called', command.mission);
  hands = await startScriptedHands((call) => script(call), socket);

  expect((await host.ended(command.id)).outcome).toBe('completed');
  expect(host.events(command.mission).find((event) => event.type === 'tool.result')).toMatchObject({ result: 'done' });
});

test('an image is shown to a model that sees', async () => {
  const base64 = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  script = () => done('An image.', { images: [{ mime: 'image/png', base64 }] });
  const host = startHost(optionsFor(lab.openCode));
  const command = say(`${reads('read x.png')}\nSAY Over.`, {}, { model: 'lab/eyes' });
  host.give(command);
  host.dispatch.welcome();

  await host.ended(command.id);

  expect(lab.model.requests.at(-1)?.images).toEqual([`data:image/png;base64,${base64}`]);
});
