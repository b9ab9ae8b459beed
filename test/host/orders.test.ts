import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parkingLimits } from '../../host-agent/missions/parking/parking.ts';
import { removeMissionFiles } from '../../host-agent/workspaces/remove-mission.ts';
import type { OrderCommand, OrderKind } from '../../shared/commands.ts';
import type { HostEvent } from '../../shared/events.ts';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import { runs } from '../support/asking-agent.ts';
import { newCommandId, newMissionId, ownWorkspace, temporaryDirectory, testWorkspace } from '../support/host-store.ts';
import { startLab } from '../support/lab.ts';
import type { MissionHost } from '../support/mission-host.ts';
import { optionsFor, say, startHost } from '../support/mission-lab.ts';
import { patience } from '../support/patience.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());

const order = (kind: OrderKind, mission: MissionId, workspace = ownWorkspace): OrderCommand => ({
  kind,
  id: newCommandId(),
  mission,
  at: 1,
  args: { workspace },
});
const endsOf = (host: MissionHost, { id }: OrderCommand): HostEvent[] =>
  host.events().filter((event) => event.type === 'command.finished' && event.command === id);
const carriedOut = async (host: MissionHost, command: OrderCommand) => {
  host.give(command);
  await vi.waitFor(() => expect(endsOf(host, command)).toHaveLength(1));
  return endsOf(host, command)[0];
};
/** A mission that has run, with a file that was given to it. */
const ran = async (host: MissionHost, dir: string) => {
  const command = say('SAY Done.');
  host.give(command);
  host.dispatch.welcome();
  await host.ended(command.id);
  const { mission } = command;
  const context = join(dir, 'context', mission);
  writeFileSync(join(context, 'given.txt'), 'given');
  const session = host.store.missions.get(mission)?.session ?? '';
  return { mission, session, context, directory: join(dir, 'workspaces', `mission-${missionShort(mission)}`) };
};

const parkedFile = (dir: string, mission: MissionId): string => join(dir, 'parked', `${mission}.jsonl.gz`);

test('a deleted mission leaves nothing on its server: directory, given files, session, rows of the store', async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const [gone, kept] = [await ran(host, options.dir), await ran(host, options.dir)];
  const outside = join(temporaryDirectory(), 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious.txt'), 'precious');
  symlinkSync(outside, join(gone.directory, 'link'));

  const end = await carriedOut(host, order('mission.delete', gone.mission));

  expect(end).toMatchObject({ outcome: 'finished', of: 'mission.delete' });
  expect([existsSync(gone.directory), existsSync(gone.context)]).toEqual([false, false]);
  expect(await host.client.getSession(gone.session)).toBeNull();
  expect(host.store.missions.get(gone.mission)).toBeUndefined();
  expect(existsSync(join(outside, 'precious.txt'))).toBe(true);
  expect([existsSync(kept.directory), existsSync(join(kept.context, 'given.txt'))]).toEqual([true, true]);
  expect(await host.client.getSession(kept.session)).not.toBeNull();

  // Once more, as after a crash between the deed and its end.
  expect(await carriedOut(host, order('mission.delete', gone.mission))).toMatchObject({ outcome: 'finished' });
});

test('an archived mission holds nothing and goes on with the next message', async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const { mission, session } = await ran(host, options.dir);

  const end = await carriedOut(host, order('mission.archive', mission));

  expect(end).toMatchObject({ outcome: 'finished', of: 'mission.archive' });
  expect(host.lines.some((line) => line.includes('mission.retired') && line.includes(mission))).toBe(true);
  const next = say('SAY Again.', { mission });
  host.give(next);
  expect((await host.ended(next.id)).outcome).toBe('completed');
  expect(host.store.missions.get(mission)?.session).toBe(session);
});

test('what a mission left running ends when it is deleted, and its files stay until it is purged', async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const seconds = uniqueSeconds();
  const run = { command: `touch kept; sleep ${seconds}`, description: 'Sleeps', background: true };
  const command = say(`TOOL bash ${JSON.stringify(run)}\nSAY Left running.`);
  host.give(command);
  host.dispatch.welcome();
  await host.ended(command.id);
  const { mission } = command;
  await carriedOut(host, order('mission.archive', mission));
  expect(processesWith(seconds)).toHaveLength(1);

  const archive = order('mission.archive', mission);
  await carriedOut(host, { ...archive, args: { ...archive.args, deleted: true } });

  await vi.waitFor(() => expect(processesWith(seconds)).toEqual([]), patience);
  expect(existsSync(join(options.dir, 'workspaces', `mission-${missionShort(mission)}`, 'kept'))).toBe(true);
  const next = say(`${runs('ls')}\nSAY Back.`, { mission }); // It was had back.
  host.give(next);
  expect((await host.ended(next.id)).outcome).toBe('completed');
});

test('an order that was received is carried out after a restart, and ends once', async () => {
  const options = optionsFor(lab.openCode);
  const first = startHost(options);
  const { mission, directory } = await ran(first, options.dir);
  const command = order('mission.delete', mission);
  first.store.inbox.accept([command]);
  await first.drop();

  const second = startHost(options);
  second.dispatch.welcome([command.id]);

  await vi.waitFor(() => expect(endsOf(second, command)).toHaveLength(1));
  expect(existsSync(directory)).toBe(false);
  second.dispatch.commands();
  expect(endsOf(second, command)).toHaveLength(1);
});

test('a deleted mission whose history was parked leaves no history behind', async () => {
  const options = optionsFor(lab.openCode, { parkingLimits: { ...parkingLimits, most: 0, stay: 0 } });
  const host = startHost(options);
  const { mission, directory } = await ran(host, options.dir);
  await carriedOut(host, order('mission.archive', mission));
  await vi.waitFor(() => expect(existsSync(parkedFile(options.dir, mission))).toBe(true));

  expect(await carriedOut(host, order('mission.delete', mission))).toMatchObject({ outcome: 'finished' });

  expect([existsSync(parkedFile(options.dir, mission)), existsSync(directory)]).toEqual([false, false]);
});

test('an order for a workspace that is not here fails and touches nothing', async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const { mission, directory } = await ran(host, options.dir);

  const end = await carriedOut(host, order('mission.delete', mission, randomUUID()));

  expect(end).toMatchObject({ outcome: 'failed', text: expect.stringContaining('no workspace') });
  expect(existsSync(directory)).toBe(true);
});

test('a link in place of a mission directory is removed itself, and one above it leads nowhere', async () => {
  const root = temporaryDirectory();
  const outside = join(temporaryDirectory(), 'outside');
  const mission = newMissionId();
  mkdirSync(join(outside, `mission-${missionShort(mission)}`), { recursive: true });
  const { files } = testWorkspace(root);
  mkdirSync(join(root, 'workspaces'));
  const place = join(root, 'workspaces', `mission-${missionShort(mission)}`);
  symlinkSync(outside, place);

  await removeMissionFiles(files, mission);

  expect([existsSync(place), existsSync(outside)]).toEqual([false, true]);
  const elsewhere = temporaryDirectory();
  symlinkSync(outside, join(elsewhere, 'workspaces'));
  await expect(removeMissionFiles(testWorkspace(elsewhere).files, mission)).rejects.toThrow('Only an admin');
  expect(existsSync(join(outside, `mission-${missionShort(mission)}`))).toBe(true);
});

test('nothing to remove is removed', async () => {
  await expect(removeMissionFiles(testWorkspace(temporaryDirectory()).files, newMissionId())).resolves.toBeUndefined();
});
