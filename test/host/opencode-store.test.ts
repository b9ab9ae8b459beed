import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openCodeFolders } from '../../host-agent/opencode/config/folders.ts';
import { type OpenCodeProcess, startOpenCode } from '../../host-agent/opencode/process/process.ts';
import type { MissionId } from '../../shared/ids.ts';
import { newMissionId } from '../support/host-store.ts';
import { startLab } from '../support/lab.ts';
import { announce, type MissionHost } from '../support/mission-host.ts';
import { answerOf, optionsFor, say, startHost, texts, types } from '../support/mission-lab.ts';

/** A host whose OpenCode can be ended and started again over other data. */
const setUp = async () => {
  const lab = await startLab();
  onTestFinished(lab.close);
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  host.dispatch.welcome();
  const { data } = openCodeFolders(join(lab.dir, 'opencode'));
  const copy = join(lab.dir, 'copy-of-data');
  let openCode: OpenCodeProcess = lab.openCode;

  const end = async (signal: 'stop' | 'SIGKILL') => {
    if (signal === 'stop') await openCode.stop();
    else process.kill(openCode.pid, signal);
    await openCode.exited;
  };
  const startAgain = async () => {
    openCode = await startOpenCode({ prepared: lab.prepared });
    const { stop } = openCode;
    onTestFinished(async () => void (await stop()));
    announce(options.serverFile, openCode);
  };
  const completes = async (content: string, mission: MissionId) => {
    const command = say(content, { mission });
    host.give(command);
    const ended = await host.ended(command.id);
    expect(ended.outcome).toBe('completed');
    return answerOf(host, mission, ended.answer);
  };
  return {
    host,
    model: lab.model,
    completes,
    end,
    startAgain,
    keepCopy: () => cpSync(data, copy, { recursive: true }),
    lose: () => rmSync(data, { recursive: true }),
    restore: () => {
      rmSync(data, { recursive: true });
      cpSync(copy, data, { recursive: true });
    },
  };
};

const notesOf = (host: MissionHost) =>
  host.events().flatMap((event) => (event.type === 'host.note' ? [event.code] : []));
const sourcesOf = (host: MissionHost, mission: MissionId) => [
  ...new Set(host.rows(mission).flatMap(({ src }) => src?.source ?? [])),
];

test('a store that was lost between two turns is said once, and both missions go on under another source', async () => {
  const { host, completes, end, startAgain, lose } = await setUp();
  const [a, b] = [newMissionId(), newMissionId()];
  for (const mission of [a, b]) await completes('SAY First.', mission);
  await end('stop');
  lose();
  await startAgain();

  for (const mission of [a, b]) expect(await completes('SAY Second.', mission)).toBe('Second.');

  expect(notesOf(host)).toEqual(['opencode.replaced']);
  expect(sourcesOf(host, a)).toHaveLength(2);
  expect(sourcesOf(host, b)).toEqual(sourcesOf(host, a));
  expect(texts(host, a)).toEqual(['First.', 'Second.']);
});

test('a store that was restored between two turns is said once; the missions go on, and nothing of an old turn is told twice', async () => {
  const { host, model, completes, end, startAgain, keepCopy, restore } = await setUp();
  const missions = [newMissionId(), newMissionId()];
  for (const mission of missions) await completes('SAY First.', mission);
  await end('stop');
  keepCopy();
  await startAgain();
  for (const mission of missions) await completes('SAY Second.', mission);
  await end('stop');
  restore();
  await startAgain();

  for (const mission of missions) {
    const before = host.rows(mission).length;
    expect(await completes('REASON Hm.\nSAY Third.', mission)).toBe('Third.');

    expect(sourcesOf(host, mission)).toHaveLength(2);
    expect(texts(host, mission)).toEqual(['First.', 'Second.', 'Hm.', 'Third.']);
    expect(types(host, mission).slice(before)).toEqual([
      'turn.started',
      'turn.accepted',
      'part.opened',
      'part.closed',
      'part.opened',
      'part.closed',
      'turn.cost',
      'turn.ended',
    ]);
  }
  expect(notesOf(host)).toEqual(['opencode.replaced']);
  expect(model.requests).toHaveLength(6);
});

test('a store that was restored in mid-turn ends the turn as interrupted; the model is not asked again, and the mission goes on', async () => {
  const { host, model, completes, end, startAgain, keepCopy, restore } = await setUp();
  const mission = newMissionId();
  await completes('SAY First.', mission);
  await end('stop');
  keepCopy();
  await startAgain();
  const cut = say('SAY Half\nWAIT never\nSAY done.', { mission });
  host.give(cut);
  await model.reached('never');
  await host.event('part.checkpoint', mission);
  await end('SIGKILL');
  restore();
  await startAgain();

  expect(await host.ended(cut.id)).toMatchObject({ outcome: 'interrupted', answer: [] });
  expect(await completes('SAY Third.', mission)).toBe('Third.');
  expect(notesOf(host)).toEqual(['opencode.replaced']);
  expect(texts(host, mission)).toEqual(['First.', 'Half', 'Third.']);
  expect(model.requests.filter(({ userText }) => userText === cut.args.content)).toHaveLength(1);
});

test('a store that was lost in mid-turn ends the turn as interrupted; the model is not asked again, and the mission goes on', async () => {
  const { host, model, completes, end, startAgain, lose } = await setUp();
  const mission = newMissionId();
  const cut = say('SAY Half\nWAIT never\nSAY done.', { mission });
  host.give(cut);
  await model.reached('never');
  await host.event('part.checkpoint', mission);
  await end('SIGKILL');
  lose();
  await startAgain();

  expect(await host.ended(cut.id)).toMatchObject({ outcome: 'interrupted', answer: [] });
  expect(await completes('SAY Next.', mission)).toBe('Next.');
  expect(notesOf(host)).toEqual(['opencode.replaced']);
  expect(texts(host, mission)).toEqual(['Half', 'Next.']);
  expect(model.requests.filter(({ userText }) => userText === cut.args.content)).toHaveLength(1);
});
