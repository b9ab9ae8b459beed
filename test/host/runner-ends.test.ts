// How turns end that get no answer: by an error, by a cancel, and for want of a model.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startLab } from '../support/lab.ts';
import { announce, type HostOptions, type MissionHost } from '../support/mission-host.ts';
import { optionsFor, say, startHost, texts, types } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());

const hostOptions = (): HostOptions => optionsFor(lab.openCode);
const start = (options: HostOptions = hostOptions()): MissionHost => startHost(options);

test('an error of the provider fails the turn with what it said', async () => {
  const host = start();
  const command = say('ERROR 400');
  host.give(command);
  host.dispatch.welcome();

  const ended = await host.ended(command.id);

  expect(ended).toMatchObject({ outcome: 'failed', text: 'OpenCode error: scripted error 400 (HTTP 400)', answer: [] });
  expect(types(host, command.mission).filter((type) => type === 'turn.error')).toHaveLength(1);
});

test('an error the agent survives is told, and the turn completes', async () => {
  const host = start();
  const command = say('ERROR 500 1\nSAY After the retry.');
  host.give(command);
  host.dispatch.welcome();

  const ended = await host.ended(command.id);

  expect(ended.outcome).toBe('completed');
  expect((await host.event('turn.error', command.mission)).message).toContain('scripted error 500');
});

test('text that a broken stream left behind stays in the log, and its part is closed', async () => {
  const host = start();
  const command = say('SAY half a\nWAIT cut\nCUT');
  host.give(command);
  host.dispatch.welcome();
  await host.event('part.checkpoint', command.mission);
  lab.model.release('cut');
  await host.event('turn.error', command.mission);

  host.cancel(command);

  expect((await host.ended(command.id)).outcome).toBe('cancelled');
  expect(texts(host, command.mission)[0]).toBe('half a');
  const opened = types(host, command.mission).filter((type) => type === 'part.opened').length;
  expect(types(host, command.mission).filter((type) => type === 'part.closed')).toHaveLength(opened);
});

test.each([
  ['agent', { agent: 'nobody' }, /Agent not found/],
  ['model', { model: 'lab/nope' }, /Model not found/],
])('an unknown %s fails the turn with the reason, although OpenCode never says idle', async (_what, args, reason) => {
  const host = start();
  const command = say('SAY Hi.', {}, args);
  host.give(command);
  host.dispatch.welcome();

  const ended = await host.ended(command.id);

  expect(ended).toMatchObject({ outcome: 'failed', text: expect.stringMatching(reason) });
  expect((await host.event('turn.error', command.mission)).message).toBe(ended.text);
});

test('cancel in mid-stream ends the turn once, keeps its text, and leaves nothing running', async () => {
  const host = start();
  const command = say('SAY one two three\nWAIT never\nSAY four');
  host.give(command);
  host.dispatch.welcome();
  await lab.model.reached('never');
  await host.event('part.opened', command.mission);

  host.cancel(command);
  host.cancel(command);
  const ended = await host.ended(command.id);

  expect(ended).toMatchObject({ outcome: 'cancelled', text: 'Task cancelled', answer: [] });
  expect(texts(host, command.mission)).toEqual(['one two three']);
  const record = host.store.missions.get(command.mission);
  expect(await host.client.status(record?.directory ?? '', record?.session ?? '')).toMatchObject({ type: 'idle' });
  expect(types(host, command.mission).filter((type) => type === 'turn.ended')).toHaveLength(1);

  const next = say('SAY Afterwards.', { mission: command.mission });
  host.give(next);
  expect((await host.ended(next.id)).outcome).toBe('completed');
});

test('a message that was cancelled before it started never starts', async () => {
  const host = start();
  const command = say('SAY Never.');
  host.give(command);
  host.cancel(command);
  host.dispatch.welcome();

  expect(await host.event('command.finished')).toMatchObject({ command: command.id, outcome: 'cancelled' });
  expect(types(host, command.mission)).toEqual(['mission.opened', 'command.finished']);
  expect(lab.model.requests.some(({ userText }) => userText === 'SAY Never.')).toBe(false);
});

test('what a sub-agent does is shown under the call that started it, and a cancel stops both', async () => {
  const host = start();
  const prompt = 'SAY The child\nWAIT child';
  const args = JSON.stringify({ description: 'Look', prompt, subagent_type: 'general' });
  const command = say(`TOOL task ${args}\nSAY Never said.`);
  host.give(command);
  host.dispatch.welcome();
  await lab.model.reached('child');
  const call = await host.event('tool.called', command.mission);
  expect(await host.event('part.opened', command.mission)).toMatchObject({ parent_call: call.tool_call_id });
  expect(host.dispatch.report().sessions).toHaveLength(2);

  host.cancel(command);

  expect(await host.ended(command.id)).toMatchObject({ outcome: 'cancelled', answer: [] });
  expect(texts(host, command.mission)).toEqual(['The child']);
  expect(lab.model.requests.filter(({ userText }) => userText === command.args.content)).toHaveLength(1);
});

test('without any model the turn fails and says what to do', async () => {
  const own = await startLab({ env: { OPENCODE_CONFIG_CONTENT: '{}' } });
  onTestFinished(own.close);
  const options = hostOptions();
  announce(options.serverFile, own.openCode);
  const host = start(options);
  const command = say('SAY Hi.');
  host.give(command);
  host.dispatch.welcome();

  const ended = await host.ended(command.id);

  expect(ended).toMatchObject({ outcome: 'failed', text: expect.stringMatching(/no model.*DEFAULT_MODEL.*provider/) });
  expect(types(host, command.mission)).toEqual(['mission.opened', 'turn.started', 'turn.ended']);
});
