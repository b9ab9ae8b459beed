import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { promptIds } from '../../host-agent/missions/runner/prompt-ids.ts';
import { newRecord } from '../../host-agent/missions/runner/turn.ts';
import { startOpenCode } from '../../host-agent/opencode/process/process.ts';
import { startLab } from '../support/lab.ts';
import { startProxy } from '../support/loopback-proxy.ts';
import { announce, type HostOptions, type MissionHost, textsOf } from '../support/mission-host.ts';
import { answerOf, optionsFor, positions, say, startHost, texts, types } from '../support/mission-lab.ts';
import { patience } from '../support/patience.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());

const hostOptions = (over: Partial<HostOptions> = {}): HostOptions => optionsFor(lab.openCode, over);
const start = (options: HostOptions = hostOptions()): MissionHost => startHost(options);

test('a turn that was stored but never sent is sent by the next process; a stored message without answer is asked again', async () => {
  const options = hostOptions();
  const first = start(options);
  const [unsent, unanswered] = [say('SAY Sent at last.'), say('SAY Answered at last.')];
  for (const command of [unsent, unanswered]) {
    first.store.inbox.accept([command]);
    const directory = lab.missionDirectory(command.id);
    const session = await lab.createSession(directory, 'Waiting');
    first.store.missions.put({ mission: command.mission, session, directory, source: first.store.heads.source() });
    const place = { session, directory, process: lab.openCode.instance };
    const record = newRecord(command, place, Date.now());
    first.store.outbox.append([], () => first.store.turns.start(record));
    const { messageID, partID } = promptIds(command);
    const parts = [{ type: 'text', id: partID, text: command.args.content }];
    const model = { providerID: 'lab', modelID: 'm1' };
    if (command === unanswered)
      await lab.call('POST', `/session/${session}/message`, { messageID, parts, model, agent: 'build', noReply: true });
  }
  await first.drop();

  const second = start(options);
  second.dispatch.welcome();

  expect((await second.ended(unsent.id)).outcome).toBe('completed');
  expect((await second.ended(unanswered.id)).outcome).toBe('completed');
  for (const { args } of [unsent, unanswered]) {
    expect(lab.model.requests.filter(({ userText }) => userText === args.content)).toHaveLength(1);
  }
});

test('a killed host-agent attaches again, asks the model nothing twice and misses nothing', async () => {
  const options = hostOptions();
  const first = start(options);
  const command = say(
    'SAY Before.\nWAIT restart\nTOOL bash {"command":"echo tool","description":"Say it"}\nSAY After.',
  );
  first.give(command);
  first.dispatch.welcome();
  await lab.model.reached('restart');
  await first.event('part.checkpoint', command.mission);
  await first.drop();

  const second = start(options);
  expect(second.dispatch.report().turns).toMatchObject([{ command: command.id }]);
  await second.event('part.blind', command.mission);
  lab.model.release('restart');
  const ended = await second.ended(command.id);

  expect(ended.outcome).toBe('completed');
  expect(texts(second, command.mission)).toEqual(['Before.', 'After.']);
  expect(types(second, command.mission)).toEqual([
    'mission.opened',
    'turn.started',
    'turn.accepted',
    'part.opened',
    'part.checkpoint',
    'part.blind',
    expect.stringMatching(/part.closed|tool.called/),
    expect.stringMatching(/part.closed|tool.called/),
    'tool.result',
    'turn.cost',
    'part.opened',
    'part.closed',
    'turn.cost',
    'turn.ended',
  ]);
  expect(lab.model.requests.filter(({ userText }) => userText === command.args.content)).toHaveLength(2);
});

test('a turn that ended while the host-agent was away is read from the history', async () => {
  const options = hostOptions();
  const first = start(options);
  const command = say('SAY Before.\nWAIT away\nSAY After.');
  first.give(command);
  first.dispatch.welcome();
  await lab.model.reached('away');
  await first.event('part.opened', command.mission);
  const record = first.store.missions.get(command.mission);
  await first.drop();
  lab.model.release('away');
  await lab.model.asked(({ userText, outcome }) => userText === command.args.content && outcome === 'done');
  await vi.waitFor(async () => {
    expect(await lab.call('GET', `/session/status?directory=${encodeURIComponent(record?.directory ?? '')}`)).toEqual(
      {},
    );
  });

  const second = start(options);
  const ended = await second.ended(command.id);

  expect(ended.outcome).toBe('completed');
  expect(answerOf(second, command.mission, ended.answer)).toBe('Before.After.');
  expect(lab.model.requests.filter(({ userText }) => userText === command.args.content)).toHaveLength(1);
});

test('a wish to cancel that was stored by a killed host-agent is done by the next', async () => {
  const options = hostOptions();
  const first = start(options);
  const command = say('SAY Before.\nWAIT wish\nSAY After.');
  first.give(command);
  first.dispatch.welcome();
  await lab.model.reached('wish');
  await first.event('turn.accepted', command.mission);
  first.store.inbox.cancel({ mission: command.mission, command: command.id });
  await first.drop();

  const second = start(options);

  expect((await second.ended(command.id)).outcome).toBe('cancelled');
});

test('a cut of the stream in mid-turn loses nothing: what was missed is read from the history', async () => {
  const options = hostOptions();
  const proxy = await startProxy(lab.openCode.url);
  announce(options.serverFile, { ...lab.openCode, url: proxy.url });
  const host = start(options);
  const script = [
    'SAY Before.',
    'WAIT cut1',
    'SAY Missed.',
    'TOOL bash {"command":"echo tool","description":"Say it"}',
    'SAY Also missed.',
    'WAIT cut2',
    'SAY Late.',
  ];
  const command = say(script.join('\n'));
  host.give(command);
  host.dispatch.welcome();
  await host.event('part.checkpoint', command.mission);

  proxy.cut();
  lab.model.release('cut1');
  await lab.model.reached('cut2');
  await vi.waitFor(() => expect(host.live.list()).toMatchObject([{ state: 'waiting' }]), patience);
  proxy.mend();
  await host.event('tool.result', command.mission);
  lab.model.release('cut2');
  const ended = await host.ended(command.id);

  expect(ended.outcome).toBe('completed');
  expect(texts(host, command.mission)).toEqual(['Before.Missed.', 'Also missed.Late.']);
  expect(types(host, command.mission).filter((type) => type === 'tool.result')).toHaveLength(1);
  const places = positions(host, command.mission);
  expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
});

test('a full outbox stops translation, and what it could not take follows when there is room', async () => {
  const host = start(hostOptions({ capacity: { fullBytes: 9_000, maxBytes: 12_000 } }));
  // All of it has no room, and what is left after the first acknowledgement has, however it was cut into rows.
  const command = say(
    ['TOKENS 1400', 'TOOL bash {"command":"echo tool","description":"Say it"}', 'TOKENS 1600'].join('\n'),
  );
  host.give(command);
  host.dispatch.welcome();
  const filled = Promise.withResolvers<void>();
  host.store.outbox.on('full', filled.resolve);
  await filled.promise;
  await lab.model.asked(
    ({ userText, step, outcome }) => userText === command.args.content && step === 1 && outcome === 'done',
  );
  const early = host.rows(command.mission);
  expect(early.some(({ event }) => event.type === 'turn.ended')).toBe(false);

  const { run, n } = host.store.outbox.head();
  host.store.outbox.ack(run, n);
  const ended = await host.ended(command.id);

  expect(ended.outcome).toBe('completed');
  const events = [...early.map(({ event }) => event), ...host.events(command.mission)];
  expect([...textsOf(events).values()].map((text) => text.split(' ').length - 1)).toEqual([1400, 1600]);
  expect(events.filter(({ type }) => type === 'tool.result')).toHaveLength(1);
});

test('an OpenCode with another store ends the turn, says so, and works on in a new session', async () => {
  const [before, after] = await Promise.all([startLab(), startLab()]);
  onTestFinished(before.close);
  onTestFinished(after.close);
  const options = hostOptions();
  announce(options.serverFile, before.openCode);
  const host = start(options);
  const command = say('SAY Before.\nWAIT lost');
  host.give(command);
  host.dispatch.welcome();
  await host.event('part.checkpoint', command.mission);

  announce(options.serverFile, after.openCode);
  process.kill(before.openCode.pid, 'SIGKILL');

  expect((await host.ended(command.id)).outcome).toBe('interrupted');
  expect(await host.event('host.note')).toMatchObject({ code: 'opencode.replaced' });
  const next = say('SAY Again.', { mission: command.mission });
  host.give(next);
  expect((await host.ended(next.id)).outcome).toBe('completed');
  const sources = new Set(host.rows(command.mission).flatMap(({ src }) => src?.source ?? []));
  expect(sources.size).toBe(2);
});

test('OpenCode killed in mid-turn: the turn is interrupted, its text kept, the model not asked again, and the mission goes on', async () => {
  const own = await startLab();
  onTestFinished(own.close);
  const options = hostOptions();
  announce(options.serverFile, own.openCode);
  const host = start(options);
  const command = say('SAY Before.\nWAIT kill\nSAY After.');
  host.give(command);
  host.dispatch.welcome();
  await own.model.reached('kill');
  await host.event('part.checkpoint', command.mission);

  process.kill(own.openCode.pid, 'SIGKILL');
  await own.openCode.exited;
  const again = await startOpenCode({ prepared: own.prepared });
  onTestFinished(async () => void (await again.stop()));
  announce(options.serverFile, again);
  const ended = await host.ended(command.id);

  expect(ended).toMatchObject({ outcome: 'interrupted', answer: [] });
  expect(texts(host, command.mission)).toEqual(['Before.']);
  expect(own.model.requests.filter(({ userText }) => userText === command.args.content)).toHaveLength(1);

  const next = say('SAY Again.', { mission: command.mission });
  host.give(next);
  expect((await host.ended(next.id)).outcome).toBe('completed');
});
