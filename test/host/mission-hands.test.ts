// What a message is told when the tools of agents are not there, and that the next one finds them where they are again.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { handsControl } from '../../host-agent/hands/control/client.ts';
import { declaredTools } from '../../host-agent/hands/declared/all.ts';
import { missionHands } from '../../host-agent/missions/mission-hands.ts';
import { OpenCodeRefused } from '../../host-agent/opencode/api/failure.ts';
import { startOpenCode } from '../../host-agent/opencode/process/process.ts';
import { createLog } from '../../host-agent/process/log.ts';
import { runs } from '../support/asking-agent.ts';
import { handClock } from '../support/hand-clock.ts';
import { startHandsProcess } from '../support/hands-process.ts';
import { newMissionId, temporaryDirectory } from '../support/host-store.ts';
import { startLab } from '../support/lab.ts';
import { announce } from '../support/mission-host.ts';
import { optionsFor, say, startHost } from '../support/mission-lab.ts';
import { startHands } from '../support/running-hands.ts';

/** The hands in `directory`, beside an OpenCode that has our tools; `answers` is what it says where it is asked. */
const beside = (directory: string, answers?: () => Promise<string[]>) => {
  const clock = handClock();
  const hands = missionHands({
    control: handsControl(directory),
    client: { toolNames: answers ?? (() => Promise.reject(new Error('nobody is to be asked'))) },
    inUse: () => true,
    clock,
    log: createLog({ write: () => undefined }),
  });
  const ready = (place: string): Promise<unknown> =>
    hands.ready({ mission: newMissionId(), directory: place, owner: 'ada' }, answers === undefined).then(
      () => 'ready',
      (error: unknown) => (error instanceof Error ? error.message : error),
    );
  return { clock, ready };
};

const awayText = /does not answer on this server.*started again by itself: send the message again.*hands\.log/;

test('a message waits for hands that are being started, and is told when they stay away', async () => {
  const state = temporaryDirectory();
  const { clock, ready } = beside(join(state, 'hands'));
  const told = ready(state);
  for (let waitedMs = 0; waitedMs <= 10_000; waitedMs += 100) {
    await clock.awaited(100);
    clock.advance(100);
  }
  expect(await told).toMatch(awayText);

  const later = ready(state);
  await clock.awaited(100);
  await startHands({ testTools: true, state });
  clock.advance(100);
  expect(await later).toBe('ready');
});

test('a message does not wait for ever for hands that were stopped', async () => {
  const hands = await startHands({ testTools: true });
  const { clock, ready } = beside(hands.config.directory);
  process.kill(hands.pid, 'SIGSTOP');

  const told = ready(hands.state);
  await clock.awaited(30_000);
  clock.advance(30_000);

  expect(await told).toMatch(awayText);
  process.kill(hands.pid, 'SIGCONT');
});

test('hands that can not take a mission say why, at once', async () => {
  const hands = await startHands({ testTools: true });
  const file = join(hands.config.directory, 'missions.ndjson');
  rmSync(file);
  mkdirSync(file);
  const { ready } = beside(hands.config.directory);

  expect(await ready(hands.state)).toMatch(/can't take this mission: EISDIR.*send the message again; hands\.log/);
});

test('an OpenCode that fails to say its tools is asked again, and believed when it fails four times', async () => {
  const hands = await startHands({ testTools: true });
  let asked = 0;
  const failing = (times: number) => () => {
    asked += 1;
    const names = declaredTools.flatMap(({ name }) => [name, name]); // OpenCode's own, and ours.
    return asked <= times
      ? Promise.reject(new OpenCodeRefused(500, 'Unexpected server error'))
      : Promise.resolve(names);
  };
  const told = async (times: number): Promise<unknown> => {
    asked = 0;
    const { clock, ready } = beside(hands.config.directory, failing(times));
    const answer = ready(hands.state);
    for (let pause = 0; pause < Math.min(times, 3); pause += 1) {
      await clock.awaited(500);
      clock.advance(500);
    }
    return answer;
  };

  expect(await told(3)).toBe('ready');
  expect(asked).toBe(4);
  expect(await told(4)).toBe('Unexpected server error');
  expect(asked).toBe(4);
});

test('with OPENCODE_PURE a message is refused with the tools that are missing, and the model is not asked', async () => {
  const lab = await startLab({ env: { OPENCODE_PURE: '1' } });
  onTestFinished(lab.close);
  const host = startHost(optionsFor(lab.openCode));
  const command = say(`${runs('echo never')}\nSAY Never.`);
  host.give(command);
  host.dispatch.welcome();

  const { outcome, text } = await host.ended(command.id);

  expect(outcome).toBe('failed');
  expect(text).toMatch(/runs without the tools of Open Agent \(bash, .*\).*Remove OPENCODE_PURE.*restart Open Agent/);
  expect(lab.model.requests).toEqual([]);
});

test('hands and OpenCode that were replaced since the message before are noticed by the next one', async () => {
  const lab = await startLab();
  onTestFinished(lab.close);
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  host.dispatch.welcome();
  const mission = newMissionId();
  const next = async (script: string) => {
    const command = say(script, { mission });
    host.give(command);
    return host.ended(command.id);
  };
  const results = () => host.events(mission).flatMap((event) => (event.type === 'tool.result' ? [event.result] : []));
  expect((await next(`${runs('echo first')}\nSAY One.`)).outcome).toBe('completed');

  // Others, which know of no mission.
  await lab.hands?.kill();
  rmSync(join(lab.dir, 'hands'), { recursive: true });
  const other = await startHandsProcess({ state: lab.dir });
  onTestFinished(() => other.stop());
  expect((await next(`${runs('echo second')}\nSAY Two.`)).outcome).toBe('completed');
  expect(results()).toEqual(['first', 'second']);

  // Another one, without our tools.
  await lab.openCode.stop();
  const env = { ...lab.prepared.env, OPENCODE_PURE: '1' };
  const pure = await startOpenCode({ prepared: { ...lab.prepared, env } });
  onTestFinished(async () => void (await pure.stop()));
  announce(options.serverFile, pure);
  expect(await next(`${runs('echo third')}\nSAY Three.`)).toMatchObject({
    outcome: 'failed',
    text: expect.stringContaining('OPENCODE_PURE'),
  });
});
