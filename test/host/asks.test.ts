import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { AskAnswer } from '../../shared/commands.ts';
import type { HostEvent } from '../../shared/events.ts';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import { answerTo, asks, delegates, runs } from '../support/asking-agent.ts';
import { deputy, startLab } from '../support/lab.ts';
import type { HostOptions, MissionHost } from '../support/mission-host.ts';
import { optionsFor, say, startHost, types } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  // As a person's configuration: bash asks, sub-agents may ask questions too, for a client that OpenCode offers none.
  const env = {
    OPENCODE_PERMISSIVE: 'false',
    OPENCODE_PERMISSION: '{"bash":"ask","question":"allow"}',
    OPENCODE_CLIENT: 'editor',
  };
  lab = await startLab({ env, config: deputy });
});
afterAll(() => lab.close());

const start = (options: HostOptions = optionsFor(lab.openCode, { permissive: false })): MissionHost =>
  startHost(options);

/** Runs a script up to the first ask. */
const asked = async (host: MissionHost, script: string) => {
  const command = say(script);
  host.give(command);
  host.dispatch.welcome();
  return { command, mission: command.mission, request: await host.event('request.asked', command.mission) };
};

const give = (host: MissionHost, mission: MissionId, args: AskAnswer) => {
  const answer = answerTo(mission, args);
  host.give(answer);
  return answer;
};

/** The end of the answer's command. */
const finished = async (host: MissionHost, id: string) => {
  const isIt = (event: HostEvent) => event.type === 'command.finished' && event.command === id;
  await vi.waitFor(() => expect(host.events().some(isIt)).toBe(true));
  return host.events().find(isIt);
};
const count = (host: MissionHost, mission: MissionId, type: HostEvent['type']) =>
  types(host, mission).filter((each) => each === type).length;

test('a question comes behind its tool call, waits, and goes on with the answer', async () => {
  const host = start();
  const { command, mission, request } = await asked(host, `${asks('Which colour?')}\nSAY Thanks.`);
  const call = await host.event('tool.called', mission);

  expect(request).toMatchObject({ kind: 'question', tool_call_id: call.tool_call_id, turn: call.turn });
  expect(request.body).toMatchObject({ questions: [{ question: 'Which colour?' }] });
  expect(types(host, mission).indexOf('request.asked')).toBeGreaterThan(types(host, mission).indexOf('tool.called'));
  await vi.waitFor(() => expect(host.live.list()).toMatchObject([{ state: 'waiting' }]));

  const answer = give(host, mission, { kind: 'question', request: request.request, answers: [['Blue']] });

  expect(await finished(host, answer.id)).toMatchObject({ outcome: 'finished', of: 'question' });
  expect((await host.ended(command.id)).outcome).toBe('completed');
  expect(await host.event('request.ended', mission)).toMatchObject({
    request: request.request,
    outcome: 'answered',
    answer: { answers: [['Blue']] },
  });
  expect((await host.event('tool.result', mission)).result).toContain('"Which colour?"="Blue"');
  expect([count(host, mission, 'request.asked'), count(host, mission, 'request.ended')]).toEqual([1, 1]);
  expect(host.store.inbox.open()).toEqual([]);
});

test('a session of the time when nobody could be asked may ask again', async () => {
  const host = start();
  const first = say('SAY Ready.');
  host.give(first);
  host.dispatch.welcome();
  await host.ended(first.id);
  const record = host.store.missions.get(first.mission);
  const permission = [{ permission: 'question', pattern: '*', action: 'deny' }];
  await lab.call('PATCH', `/session/${record?.session}`, { permission });

  const command = say(`${asks('Again?')}\nSAY Thanks.`, { mission: first.mission });
  host.give(command);
  const { request } = await host.event('request.asked', first.mission);
  give(host, first.mission, { kind: 'question', request, answers: [['Red']] });

  expect((await host.ended(command.id)).outcome).toBe('completed');
});

test('of two answers that reach the host, the agent gets one', async () => {
  const host = start();
  const { command, mission, request } = await asked(host, `${asks('Twice?')}\nSAY Thanks.`);
  const said = (label: string): AskAnswer => ({ kind: 'question', request: request.request, answers: [[label]] });

  const [first, second] = [give(host, mission, said('Red')), give(host, mission, said('Blue'))];

  const ends = [await finished(host, first.id), await finished(host, second.id)];
  expect(ends.map((end) => end?.type === 'command.finished' && end.outcome)).toEqual(['finished', 'expired']);
  expect((await host.ended(command.id)).outcome).toBe('completed');
  expect((await host.event('tool.result', mission)).result).toContain('"Twice?"="Red"');
});

test('a sub-agent asks too, under the call that started it', async () => {
  const host = start();
  const { command, mission, request } = await asked(host, `${delegates(`${asks('Deep?')}\nSAY Child.`)}\nSAY Parent.`);
  const calls = host.events(mission).filter((event) => event.type === 'tool.called');

  expect(calls.map(({ name }) => name)).toEqual(['task', 'question']);
  expect(request).toMatchObject({ tool_call_id: calls[1]?.tool_call_id, parent_call: calls[0]?.tool_call_id });

  give(host, mission, { kind: 'question', request: request.request, answers: [['Red']] });

  expect((await host.ended(command.id)).outcome).toBe('completed');
});

test('so does a sub-agent of a sub-agent', async () => {
  const host = start();
  const grandchild = delegates(`${runs('echo deep')}\nSAY Grandchild.`);
  const { command, mission, request } = await asked(
    host,
    `${delegates(`${grandchild}\nSAY Child.`, 'deputy')}\nSAY Over.`,
  );
  const calls = host.events(mission).filter((event) => event.type === 'tool.called');

  expect(calls.map(({ name }) => name)).toEqual(['task', 'task', 'bash']);
  expect(request).toMatchObject({ tool_call_id: calls[2]?.tool_call_id, parent_call: calls[1]?.tool_call_id });
  give(host, mission, { kind: 'permission', request: request.request, reply: 'once', message: null });

  expect((await host.ended(command.id)).outcome).toBe('completed');
});

test.each([
  ['once', null, 'completed', true],
  ['always', null, 'completed', true],
  ['reject', 'Not this.', 'completed', false],
  ['reject', null, 'interrupted', false],
] as const)('a permission answered %s (%s) ends the turn %s', async (reply, message, outcome, didRun) => {
  const options = optionsFor(lab.openCode, { permissive: false });
  const host = start(options);
  const { command, mission, request } = await asked(host, `${runs('touch ran')}\nSAY Over.`);
  const ran = () => existsSync(join(options.dir, 'workspaces', `mission-${missionShort(mission)}`, 'ran'));

  expect(request).toMatchObject({ kind: 'permission', body: { permission: 'bash', patterns: ['touch ran'] } });
  expect(ran()).toBe(false);
  give(host, mission, { kind: 'permission', request: request.request, reply, message });

  const ended = await host.ended(command.id);
  expect(ended.outcome).toBe(outcome);
  if (outcome === 'interrupted') expect(ended.text).toContain('rejected');
  expect(ran()).toBe(didRun);
  expect(await host.event('request.ended', mission)).toMatchObject({
    outcome: reply === 'reject' ? 'rejected' : 'answered',
    answer: message === null ? { reply } : { reply, message },
  });
});

test('where nothing may ask, what would is allowed, and nobody hears of it', async () => {
  const host = start(optionsFor(lab.openCode, { permissive: true }));
  const command = say(`${runs('echo hi')}\nSAY Went on.`);
  host.give(command);
  host.dispatch.welcome();

  expect((await host.ended(command.id)).outcome).toBe('completed');
  expect(await host.event('tool.result', command.mission)).toMatchObject({ failed: false });
  expect(types(host, command.mission)).not.toContain('request.asked');
});

test('a cancel rejects what is open before the turn ends', async () => {
  const host = start();
  const { command, mission } = await asked(host, `${delegates(`${runs('sleep 1')}\nSAY Child.`)}\nSAY Never.`);

  host.cancel(command);

  expect((await host.ended(command.id)).outcome).toBe('cancelled');
  expect(await host.event('request.ended', mission)).toMatchObject({ outcome: 'rejected' });
  expect(types(host, mission).indexOf('request.ended')).toBeLessThan(types(host, mission).indexOf('turn.ended'));
  // The reject stops the sub-agent; its parent may ask the model once more before the abort arrives (opencode §8.6).
  const ours = lab.model.requests.filter(({ userText }) => userText === command.args.content);
  expect(ours.length).toBeLessThanOrEqual(2);
});

test('a host-agent that comes back asks nothing twice, and brings the answer', async () => {
  const options = optionsFor(lab.openCode, { permissive: false });
  const first = start(options);
  const { command, mission, request } = await asked(first, `${asks('Still there?')}\nSAY Yes.`);
  await first.drop();

  const second = start(options);
  second.dispatch.welcome();
  await vi.waitFor(() => expect(second.live.list()).toMatchObject([{ state: 'waiting' }]));
  give(second, mission, { kind: 'question', request: request.request, answers: [['Blue']] });

  expect((await second.ended(command.id)).outcome).toBe('completed');
  expect([count(second, mission, 'request.asked'), count(second, mission, 'request.ended')]).toEqual([1, 1]);
});

test('an answer that was handed over just before the host-agent died counts as given', async () => {
  const options = optionsFor(lab.openCode, { permissive: false });
  const first = start(options);
  const { command, mission, request } = await asked(first, `${asks('Heard?')}\nWAIT heard\nSAY Yes.`);
  const answer = answerTo(mission, { kind: 'question', request: request.request, answers: [['Blue']] });
  first.store.inbox.accept([answer]);
  first.store.transact(() => first.store.asks.attempted(request.request, answer.id));
  const directory = encodeURIComponent(first.store.asks.get(request.request)?.directory ?? '');
  await first.drop();
  await lab.call('POST', `/question/${request.request}/reply?directory=${directory}`, { answers: [['Blue']] });

  const second = start(options);
  second.dispatch.welcome();

  expect(await finished(second, answer.id)).toMatchObject({ outcome: 'finished' });
  expect(await second.event('request.ended', mission)).toMatchObject({ outcome: 'answered' });
  lab.model.release('heard');
  expect((await second.ended(command.id)).outcome).toBe('completed');
});

test('an answer to what OpenCode does not know any more expires, unless it had been attempted', async () => {
  const host = start();
  const { mission, request } = await asked(host, `${asks('Gone?')}\nSAY Yes.`);
  const directory = encodeURIComponent(host.store.asks.get(request.request)?.directory ?? '');
  await lab.call('POST', `/question/${request.request}/reply?directory=${directory}`, { answers: [['Red']] });

  const answer = give(host, mission, { kind: 'question', request: request.request, answers: [['Blue']] });

  expect(await finished(host, answer.id)).toMatchObject({ outcome: 'expired', of: 'question' });
  expect(count(host, mission, 'request.ended')).toBe(1);
});
