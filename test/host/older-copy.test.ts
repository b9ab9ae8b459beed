import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { newRecord } from '../../host-agent/missions/runner/turn.ts';
import { startLab } from '../support/lab.ts';
import { announce, type HostOptions } from '../support/mission-host.ts';
import { answerOf, optionsFor, say, startHost, texts } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());

const storeIn = ({ dir }: HostOptions): string => join(dir, 'host-agent.sqlite');

/** Replaces a store by its copy. Nobody may have the store open; SQLite has then removed its -wal and -shm files. */
const copyStore = (options: HostOptions) => {
  const copy = join(options.dir, 'copy');
  copyFileSync(storeIn(options), copy);
  return { putBack: () => copyFileSync(copy, storeIn(options)) };
};

const timesAsked = (content: string): number =>
  lab.model.requests.filter(({ userText }) => userText === content).length;

/** Runs a message to its end, then puts back the store as it was when the message had only been received. */
const restoredAfter = async (content: string) => {
  const options = optionsFor(lab.openCode);
  const command = say(content);
  const early = startHost(options);
  early.give(command);
  await early.drop();
  const copy = copyStore(options);
  const first = startHost(options);
  first.dispatch.welcome();
  await first.ended(command.id);
  await first.drop();
  copy.putBack();
  return { command, host: startHost(options) };
};

test('a restored store does not run a message again that has ended at the edge, and works on', async () => {
  const { command, host } = await restoredAfter('SAY Ended long ago.');
  const next = say('SAY New.', { mission: command.mission });

  host.dispatch.welcome([]);
  host.give(next);
  const ended = await host.ended(next.id);

  expect(ended.outcome).toBe('completed');
  expect(timesAsked(command.args.content)).toBe(1);
  expect(host.events().some((event) => 'command' in event && event.command === command.id)).toBe(false);
  expect(host.store.inbox.openIds()).not.toContain(command.id);
  expect(host.store.inbox.has(command.id)).toBe(true);
  expect(host.lines.join('')).toContain('command.dropped');
});

test('a message that a restored store had not begun, and the edge still waits for, is read from OpenCode and not asked again', async () => {
  const { command, host } = await restoredAfter('SAY Answered before.');

  host.dispatch.welcome([command.id]);
  const ended = await host.ended(command.id);

  expect(ended.outcome).toBe('completed');
  expect(answerOf(host, command.mission, ended.answer)).toBe('Answered before.');
  expect(timesAsked(command.args.content)).toBe(1);
});

test('a message that waited for OpenCode when the edge stopped waiting for it never starts', async () => {
  const options = optionsFor(lab.openCode);
  const away = join(options.dir, 'not-there.json');
  const host = startHost({ ...options, serverFile: away });
  const [gone, kept] = [say('SAY Gone.'), say('SAY Kept.')];
  host.give(gone, kept);
  host.dispatch.welcome([gone.id, kept.id]);

  host.dispatch.welcome([kept.id]);
  announce(away, lab.openCode);

  expect((await host.ended(kept.id)).outcome).toBe('completed');
  await vi.waitFor(() => expect(host.store.inbox.openIds()).not.toContain(gone.id));
  expect(timesAsked(gone.args.content)).toBe(0);
  expect(host.events(gone.mission)).toEqual([]);
});

test('a turn whose prompt was never sent is not sent before welcome, and not for an edge that does not wait for it', async () => {
  const options = optionsFor(lab.openCode);
  const first = startHost(options);
  const command = say('SAY Unsent.');
  first.store.inbox.accept([command]);
  const directory = lab.missionDirectory(command.id);
  const session = await lab.createSession(directory, 'Unsent');
  first.store.missions.put({ mission: command.mission, session, directory, source: first.store.heads.source() });
  const record = newRecord(command, { session, directory, process: lab.openCode.instance }, Date.now());
  first.store.outbox.append([], () => first.store.turns.start(record));
  await first.drop();

  const host = startHost(options);
  await vi.waitFor(() => expect(host.lines.join('')).toContain('opencode.connected'));
  expect(host.live.list()).toMatchObject([{ command: command.id }]);
  host.dispatch.welcome([]);

  expect(await host.ended(command.id)).toMatchObject({ outcome: 'interrupted' });
  expect(timesAsked(command.args.content)).toBe(0);
});

test('a turn of a restored store that runs on in OpenCode is followed to its end, whatever the edge waits for', async () => {
  const options = optionsFor(lab.openCode);
  const first = startHost(options);
  const command = say('SAY Before.\nWAIT restored\nSAY After.');
  first.give(command);
  first.dispatch.welcome();
  await lab.model.reached('restored');
  await first.drop();
  const host = startHost(options);
  onTestFinished(() => lab.model.release('restored'));

  host.dispatch.welcome([]);
  lab.model.release('restored');

  expect((await host.ended(command.id)).outcome).toBe('completed');
  expect(texts(host, command.mission)).toEqual(['Before.After.']);
  expect(timesAsked(command.args.content)).toBe(1);
});
