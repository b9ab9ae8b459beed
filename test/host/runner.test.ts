import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openCodeReplies } from '../../host-agent/calls/opencode.ts';
import { replyToGroup } from '../../host-agent/calls/replies.ts';
import { missionTimes } from '../../host-agent/missions/context.ts';
import { openCodeClient } from '../../host-agent/opencode/api/client.ts';
import { endpointFile } from '../../host-agent/opencode/api/endpoint.ts';
import { openCodeBinary } from '../../host-agent/opencode/process/binary.ts';
import { openCodeCalls } from '../../shared/calls/opencode.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { type MissionId, missionShort, nilWorkspace } from '../../shared/ids.ts';
import { handClock } from '../support/hand-clock.ts';
import { newMissionId } from '../support/host-store.ts';
import { startLab } from '../support/lab.ts';
import type { HostOptions, MissionHost } from '../support/mission-host.ts';
import { answerOf, optionsFor, positions, say, startHost, texts, types } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());

const hostOptions = (over: Partial<HostOptions> = {}): HostOptions => optionsFor(lab.openCode, over);
const start = (options: HostOptions = hostOptions()): MissionHost => startHost(options);
const directoryOf = (dir: string, mission: MissionId) => join(dir, 'workspaces', `mission-${missionShort(mission)}`);

test('a message becomes a turn whose every step is in the outbox, in order', async () => {
  const host = start();
  const command = say('REASON Let me see.\nSAY Hello there, dear reader.');
  host.give(command);
  host.dispatch.welcome();

  const ended = await host.ended(command.id);

  expect(types(host, command.mission)).toEqual([
    'mission.opened',
    'turn.started',
    'turn.accepted',
    'part.opened',
    'part.closed',
    'part.opened',
    'part.closed',
    'turn.cost',
    'turn.ended',
  ]);
  expect(ended).toMatchObject({ outcome: 'completed', text: '', model: 'lab/m1' });
  expect(ended.usage).toMatchObject({ cost_usd: 0.000102, input: 80, output: 10, cache_read: 20 });
  expect(answerOf(host, command.mission, ended.answer)).toBe('Hello there, dear reader.');
  expect(texts(host, command.mission)).toEqual(['Let me see.', 'Hello there, dear reader.']);
  expect(host.live.list()).toEqual([]);
  expect(host.store.inbox.open()).toEqual([]);
  expect(host.store.turns.live()).toEqual([]);
  const places = positions(host, command.mission);
  expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
});

test('nothing starts before the first welcome', async () => {
  const host = start();
  const command = say('SAY Hi.');
  host.give(command);
  await lab.call('GET', '/global/health');
  expect(host.events()).toEqual([]);

  host.dispatch.welcome();

  expect((await host.ended(command.id)).outcome).toBe('completed');
});

test('viewers see words as they come, at the offsets where the log will have them', async () => {
  const host = start();
  const command = say('SAY one two\nWAIT words\nSAY three');
  host.give(command);
  host.dispatch.welcome();
  await lab.model.reached('words');
  await host.event('part.checkpoint', command.mission);

  expect(host.deltas.map(({ text }) => text).join('')).toBe('one two');
  expect(host.dispatch.report().turns).toMatchObject([{ command: command.id, state: 'running' }]);
  expect(host.dispatch.report().sessions).toHaveLength(1);
  lab.model.release('words');
  await host.ended(command.id);
  let off = 0;
  for (const delta of host.deltas) {
    expect(delta).toMatchObject({ mission: command.mission, off });
    off += delta.text.length;
  }
});

test('a tool works in the directory of its mission, a git repository of its own', async () => {
  const options = hostOptions();
  const host = start(options);
  const mission = newMissionId();
  const directory = directoryOf(options.dir, mission);
  const file = join(directory, 'output', 'a.txt');
  const command = say(`TOOL write ${JSON.stringify({ filePath: file, content: 'one' })}\nSAY Written.`, { mission });
  host.give(command);
  host.dispatch.welcome();

  const ended = await host.ended(command.id);

  expect(ended.outcome).toBe('completed');
  expect(readFileSync(file, 'utf8')).toBe('one');
  for (const name of ['.git', 'temp', 'context', 'opencode.json', '.opencode'])
    expect(existsSync(join(directory, name))).toBe(true);
  expect(await host.event('tool.called', mission)).toMatchObject({ name: 'write', args: { content: 'one' } });
  expect(await host.event('tool.result', mission)).toMatchObject({ name: 'write', failed: false });
});

test('a second message goes on in the same session; with `clean` the directory is empty before', async () => {
  const options = hostOptions();
  const host = start(options);
  const mission = newMissionId();
  const file = join(directoryOf(options.dir, mission), 'left.txt');
  const first = say(`TOOL write ${JSON.stringify({ filePath: file, content: 'x' })}\nSAY First.`, { mission });
  const second = say('SAY Second.', { mission }, { clean: true });
  host.give(first, second);
  host.dispatch.welcome();

  const [one, two] = [await host.ended(first.id), await host.ended(second.id)];

  expect([answerOf(host, mission, one.answer), answerOf(host, mission, two.answer)]).toEqual(['First.', 'Second.']);
  expect(existsSync(file)).toBe(false);
  expect(types(host, mission).filter((type) => type === 'mission.opened')).toHaveLength(1);
  expect(new Set(host.rows(mission).flatMap(({ src }) => src?.session ?? [])).size).toBe(1);
  expect(lab.model.requests.at(-1)?.messagesCount).toBeGreaterThan(3);
});

test('two missions run at once', async () => {
  const host = start();
  const [a, b] = [say('SAY A\nWAIT both\nSAY done'), say('SAY B\nWAIT both2\nSAY done')];
  host.give(a, b);
  host.dispatch.welcome();

  await Promise.all([lab.model.reached('both'), lab.model.reached('both2')]);
  expect(
    host.live
      .list()
      .map(({ command }) => command)
      .sort(),
  ).toEqual([a.id, b.id].sort());
  lab.model.release('both');
  lab.model.release('both2');

  expect((await host.ended(a.id)).outcome).toBe('completed');
  expect((await host.ended(b.id)).outcome).toBe('completed');
});

test('a mission that is idle gives its instance back, and goes on in its session later', async () => {
  const clock = handClock();
  // Everything of the turn itself goes by the machine's time.
  const after: Clock['after'] = (ms, ...rest) => (ms === missionTimes.idleMs ? clock : systemClock).after(ms, ...rest);
  const host = start(hostOptions({ clock: { ...systemClock, after } }));
  const mission = newMissionId();
  const [first, second] = [say('SAY First.', { mission }), say('SAY Second.', { mission })];
  host.give(first);
  host.dispatch.welcome();
  await host.ended(first.id);
  await clock.awaited(missionTimes.idleMs);
  expect(host.lines.join('')).not.toContain('mission.retired');
  clock.advance(missionTimes.idleMs);
  await vi.waitFor(() => expect(host.lines.join('')).toContain('mission.retired'));

  host.give(second);

  expect((await host.ended(second.id)).outcome).toBe('completed');
  expect(new Set(host.rows(mission).flatMap(({ src }) => src?.session ?? [])).size).toBe(1);
});

test('a message for a workspace that is not here fails and says so; one that names the alias of the default works here', async () => {
  const host = start();
  const [elsewhere, alias] = [randomUUID(), nilWorkspace].map((workspace) =>
    say('SAY Here.', {}, { spec: { owner: 'ada', workspace, title: null } }),
  );
  if (!elsewhere || !alias) throw new Error('two messages');
  host.give(elsewhere, alias);
  host.dispatch.welcome();

  const [refused, done] = [await host.ended(elsewhere.id), await host.ended(alias.id)];

  expect(refused).toMatchObject({ outcome: 'failed', answer: [] });
  expect(refused.text).toContain(`This server has no workspace ${elsewhere.args.spec.workspace}`);
  expect(done.outcome).toBe('completed');
  expect(host.events(elsewhere.mission)[0]).toMatchObject({ type: 'mission.opened', ...elsewhere.args.spec });
});

test('a known secret is replaced in text, arguments and results, across chunks too', async () => {
  const secret = 'canary-0123456789';
  const host = start(hostOptions({ secrets: [secret] }));
  const script = [
    'CHUNKS ["The key is can", "ary-01234", "56789, really"]',
    `TOOL bash ${JSON.stringify({ command: `echo ${secret}`, description: 'Say it' })}`,
    `SAY I said ${secret}`,
  ];
  const command = say(script.join('\n'));
  host.give(command);
  host.dispatch.welcome();

  await host.ended(command.id);

  const everything = JSON.stringify([host.rows(), host.deltas]);
  expect(everything).not.toContain(secret);
  expect(texts(host, command.mission)).toEqual(['The key is [secret], really', 'I said [secret]']);
  expect(await host.event('tool.result', command.mission)).toMatchObject({ result: '[secret]' });
});

test('what the edge asks about OpenCode is what it says of itself, and without its password', async () => {
  const options = hostOptions();
  const host = start(options);
  const command = say('TOOL write {"filePath":"a.txt","content":"A"}\nSAY Done.');
  host.give(command);
  host.dispatch.welcome();
  await host.ended(command.id);
  const ask = replyToGroup(
    openCodeCalls,
    openCodeReplies({
      client: openCodeClient(endpointFile(options.serverFile)),
      home: options.dir,
      defaultAgent: 'build',
      permissive: true,
      sessionOf: (mission) => host.store.missions.get(mission)?.session,
    }),
  );

  const state = await ask('opencode.state', {});
  const agents = await ask('opencode.agents', {});
  const diagnostics = await ask('opencode.diagnostics', { mission: command.mission });

  const { path, version } = openCodeBinary();
  expect(state).toEqual({ version, base_url: lab.openCode.url, permissive: true, path, error: null });
  expect(agents).toMatchObject({
    agents: expect.arrayContaining([
      expect.objectContaining({ name: 'build', mode: 'primary', hidden: false }),
      expect.objectContaining({ name: 'general', mode: 'subagent' }),
      expect.objectContaining({ name: 'title', hidden: true }),
    ]),
    default_agent: 'build',
  });
  const session = host.store.missions.get(command.mission)?.session;
  expect(diagnostics).toMatchObject({
    base_url: lab.openCode.url,
    session_id: session,
    session_status: {
      session_id: session,
      session_info: { id: session },
      running_tools: [],
      completed_tools: [{ name: 'write', status: 'completed' }],
    },
    error: null,
  });
  expect(JSON.stringify([state, agents, diagnostics])).not.toContain(lab.openCode.password);
});
