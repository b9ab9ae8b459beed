import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { configStamp } from '../../host-agent/opencode/config/config-stamp.ts';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import { newMissionId, temporaryDirectory } from '../support/host-store.ts';
import { handsOf, startLab } from '../support/lab.ts';
import { announce, type HostOptions, type MissionHost } from '../support/mission-host.ts';
import { optionsFor, say, startHost, texts } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());

const directoryOf = ({ dir }: HostOptions, mission: MissionId): string =>
  join(dir, 'workspaces', `mission-${missionShort(mission)}`);
const said = (host: MissionHost, event: string, mission: MissionId): boolean =>
  host.lines.some((line) => line.includes(`"${event}"`) && line.includes(mission));
const until = (look: () => boolean): Promise<void> => vi.waitFor(() => expect(look()).toBe(true));
const ready = async (host: MissionHost, ...missions: MissionId[]): Promise<void> => {
  host.preparing.want(missions);
  for (const mission of missions) await until(() => said(host, 'mission.prepared', mission));
};
const run = async (host: MissionHost, mission: MissionId, text: string) => {
  const command = say(text, { mission });
  host.give(command);
  host.dispatch.welcome();
  expect(await host.ended(command.id)).toMatchObject({ outcome: 'completed' });
};
const sessions = async (host: MissionHost, directory: string): Promise<number> =>
  (await host.client.listSessions(directory)).length;

test('a mission that is ready has its directory and no session, and its first message runs there as any other', async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const mission = newMissionId();

  await ready(host, mission);
  const directory = directoryOf(options, mission);
  expect(readdirSync(directory).toSorted()).toEqual([
    '.git',
    '.opencode',
    'context',
    'opencode.json',
    'output',
    'temp',
  ]);
  expect(await sessions(host, directory)).toBe(0);
  await run(host, mission, 'SAY Hello.');

  expect(texts(host, mission)).toEqual(['Hello.']);
  expect(await sessions(host, directory)).toBe(1);
  expect(host.store.prepared.all()).toEqual([]);
  expect(said(host, 'mission.prepared_anew', mission)).toBe(false);
});

test('one that is not wanted any more leaves nothing, also where a restart came between', async () => {
  const options = optionsFor(lab.openCode);
  const first = startHost(options);
  const [before, now, next] = [newMissionId(), newMissionId(), newMissionId()];
  await ready(first, before);
  first.preparing.want([now]);
  await until(() => !existsSync(directoryOf(options, before)) && !existsSync(join(options.dir, 'context', before)));
  await until(() => said(first, 'mission.prepared', now));
  await first.drop();

  const second = startHost(options);
  expect(second.store.prepared.all()).toEqual([now]);
  await ready(second, next);

  await until(() => !existsSync(directoryOf(options, now)));
  await vi.waitFor(() => expect(second.store.prepared.all()).toEqual([next]));
});

test('what somebody has put into a directory that was made ready is never removed with it', async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const missions = [newMissionId(), newMissionId(), newMissionId()] as const;
  await ready(host, ...missions);
  const given = join(options.dir, 'context', missions[0], 'given.txt');
  const notes = join(directoryOf(options, missions[1]), 'notes.txt');
  for (const path of [given, notes]) writeFileSync(path, 'precious');

  host.preparing.want([]);

  await until(() => !existsSync(directoryOf(options, missions[2])));
  await vi.waitFor(() => expect(host.store.prepared.all()).toEqual([]));
  expect([given, notes].map((path) => existsSync(path))).toEqual([true, true]);
});

test('a mission that has begun is not taken back when it is not wanted any more', async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const [mission, next] = [newMissionId(), newMissionId()];
  await ready(host, mission);
  await run(host, mission, 'SAY First.');

  await ready(host, next);
  await run(host, mission, 'SAY Second.');

  expect(texts(host, mission)).toEqual(['First.', 'Second.']);
  expect(existsSync(directoryOf(options, mission))).toBe(true);
});

test.each([
  ['its own', (options: HostOptions, mission: MissionId) => join(directoryOf(options, mission), 'opencode.jsonc')],
  ['the server’s', (_: HostOptions, __: MissionId, host: MissionHost) => host.configPlace],
])('a change of %s configuration behind the preparing reaches the first message', async (_name, place) => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const mission = newMissionId();
  await ready(host, mission);
  const instruction = { $schema: 'https://opencode.ai/config.json', agent: { build: { prompt: 'You are CHANGED.' } } };
  writeFileSync(place(options, mission, host), JSON.stringify(instruction));

  await run(host, mission, 'SAY Hello.');

  expect(said(host, 'mission.prepared_anew', mission)).toBe(true);
});

test('where OpenCode does not see a mission’s tree, nothing in it is a reason to begin anew', async () => {
  const options = optionsFor(lab.openCode, { seen: temporaryDirectory() });
  const host = startHost(options);
  const mission = newMissionId();
  await ready(host, mission);
  writeFileSync(join(directoryOf(options, mission), 'opencode.jsonc'), '{}');

  await run(host, mission, 'SAY Hello.');

  expect(said(host, 'mission.prepared_anew', mission)).toBe(false);
});

test('preparing that fails never fails the message', async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const mission = newMissionId();
  writeFileSync(join(options.dir, 'workspaces'), 'in the way');
  host.preparing.want([mission]);
  await until(() => host.lines.some((line) => line.includes('mission.not_prepared')));
  rmSync(join(options.dir, 'workspaces'));

  await run(host, mission, 'SAY All the same.');

  expect(texts(host, mission)).toEqual(['All the same.']);
});

test('with another OpenCode a mission is made ready anew', async () => {
  const own = await startLab();
  const options = optionsFor(own.openCode, { hands: handsOf(lab.openCode) }); // Those that stay.
  const host = startHost(options);
  const mission = newMissionId();
  const times = (event: string): number => host.lines.filter((line) => line.includes(`"${event}"`)).length;
  await ready(host, mission);

  await own.close();
  announce(options.serverFile, lab.openCode);
  await until(() => times('opencode.connected') > 1);
  host.preparing.look();
  await until(() => times('mission.prepared') > 1);

  await run(host, mission, 'SAY Hello.');
  expect([times('mission.prepared_anew'), await sessions(host, directoryOf(options, mission))]).toEqual([0, 1]);
});

test('a stamp tells sizes, times and what is not there, and gives up where there is too much', async () => {
  const place = temporaryDirectory();
  const before = await configStamp([place]);
  writeFileSync(join(place, 'opencode.json'), '{}');
  const after = await configStamp([place]);

  expect([after === before, after === (await configStamp([place]))]).toEqual([false, true]);
  expect(await configStamp([join(place, 'missing')])).toBe('');
  for (let n = 0; n < 2_001; n++) writeFileSync(join(place, `skill-${n}`), '');
  expect(await configStamp([place])).toBeNull();
});
