// Thousands of missions on one server by the real host-agent and OpenCode, 5,000 in `npm run soak`: each has its
// answer, and what the server keeps open of them does not grow.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { parkingLimits } from '../../host-agent/missions/parking/parking.ts';
import { residentMbOf, treeMbOf } from '../bench/process-figures.ts';
import { type RunningSystem, startRunningSystem } from '../bench/running-system.ts';
import { type Build, buildWith, copiedBuild } from '../faults/copied-build.ts';
import { patience } from '../support/patience.ts';
import { readStream, type StreamReader } from '../support/sse-reader.ts';
import { fewSessions, isLong, limitOf, size, tell } from './size.ts';

/** Missions at once: OpenCode is never without work, and no message waits long. */
const atOnce = 4;
/** Told, and measured, as a progress. */
const every = Math.max(4, Math.ceil(size.missions / 20));
const limits = isLong ? parkingLimits : fewSessions;
/**
 * Missions whose session is being made, or is on its way out, beside those that are counted: while some are parked,
 * which takes as long as two missions or three do, others come.
 */
const underWay = 4 * atOnce;
const options = { timeout: limitOf(size.missions * 20) };

let build: Build;
let system: RunningSystem;
/** Answers as a dashboard was shown them, by mission. */
const answers = new Map<string, string[]>();
let stream: StreamReader;

beforeAll(async () => {
  build = isLong ? await copiedBuild() : await buildWith(join(import.meta.dirname, 'few-sessions-agent.ts'));
  system = await startRunningSystem({ agentScript: build.agentScript, workerDir: build.workerDir });
  stream = await readStream(`${system.url}/api/control/stream`, system.headers, ({ name, data }) => {
    if (name !== 'assistant_message') return;
    const mission = String(data.mission_id);
    answers.set(mission, [...(answers.get(mission) ?? []), String(data.content)]);
  });
}, options.timeout);
afterAll(async () => {
  stream?.close();
  await system?.close();
  build?.remove();
}, options.timeout);

const shown = z.looseObject({
  history: z.array(z.object({ role: z.string(), content: z.string() })),
  status: z.string(),
});
const sessions = z.array(z.object({ id: z.string() }));

const sessionsOfOpenCode = async (): Promise<number> =>
  sessions.parse(await system.openCodeServer().call('GET', '/experimental/session?limit=100000&archived=true')).length;

/** What the host-agent holds open, and how large it is. */
const held = () => {
  const pid = system.agent.pid();
  return {
    memoryMb: residentMbOf(pid),
    handles: readdirSync(`/proc/${pid}/fd`).length,
    // Files beside the state that is one for each mission: its directory, its snapshots, and its history where it
    // rests.
    files: readdirSync(system.files.dir, { recursive: true, encoding: 'utf8' }).filter(
      (name) => !/^(?:parked|opencode|edge|places|hands\/snapshots)\//.test(name),
    ).length,
  };
};

/** One mission from its message to its answer, and what a reload shows of it. */
const oneMission = async (n: number): Promise<void> => {
  const [question, answer] = [`SAY The answer is ${n}.`, `The answer is ${n}.`];
  const { mission } = await system.person.say(question);
  await vi.waitFor(() => expect(answers.get(mission)).toBeDefined(), patience);
  asked += 1;
  expect(answers.get(mission)).toEqual([answer]);
  const { history, status } = shown.parse((await system.person.call('GET', `/api/control/missions/${mission}`)).json);
  expect({ history, status }).toEqual({
    history: [
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ],
    status: 'completed',
  });
};

/** Turns that have asked the model. */
let asked = 0;

/** Milliseconds until a host-agent that starts beside a turn has its end: it attaches to OpenCode for it. */
const attach = async (name: string): Promise<number> => {
  const gate = `attach-${name}`;
  const { mission } = await system.person.say(`WAIT ${gate}\nSAY Attached ${name}.`);
  await system.model.asked(++asked);
  await system.agent.stop();
  system.model.release(gate);
  const begun = performance.now();
  await system.agent.start();
  await vi.waitFor(() => expect(answers.get(mission)).toEqual([`Attached ${name}.`]), patience);
  return performance.now() - begun;
};

test(
  `${size.missions} missions on one server: each has its answer, and nothing of the host-agent grows`,
  options,
  async () => {
    const attachedMs = await attach('first');
    const begun = performance.now();
    let [next, done, mostSessions] = [0, 0, 0];
    const figures: ReturnType<typeof held>[] = [];
    const one = async (): Promise<void> => {
      while (next < size.missions) {
        await oneMission(next++);
        if (++done % every !== 0) continue;
        const found = await sessionsOfOpenCode();
        mostSessions = Math.max(mostSessions, found);
        figures.push(held());
        const now = figures.at(-1);
        tell(
          `${done} missions in ${Math.round((performance.now() - begun) / 1_000)} s: ${found} sessions in OpenCode (${Math.round(treeMbOf(system.openCode.pid()))} MB), host-agent ${Math.round(now?.memoryMb ?? 0)} MB, ${now?.handles} handles, ${now?.files} files`,
        );
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    const seconds = (performance.now() - begun) / 1_000;
    const lastMs = await attach('last');

    const [first, last] = [figures[Math.floor(figures.length / 4)], figures.at(-1)];
    tell(
      `${size.missions} missions in ${Math.round(seconds)} s (${(size.missions / seconds).toFixed(1)} a second), at most ${mostSessions} sessions in OpenCode; host-agent ${first?.memoryMb.toFixed(0)} → ${last?.memoryMb.toFixed(0)} MB, ${first?.handles} → ${last?.handles} handles, ${first?.files} → ${last?.files} files; attaching ${attachedMs.toFixed(0)} → ${lastMs.toFixed(0)} ms (× ${(lastMs / attachedMs).toFixed(1)})`,
    );
    expect(answers.size).toBe(size.missions + 2);
    expect([...answers.values()].filter((each) => each.length !== 1)).toEqual([]);
    expect(mostSessions).toBeLessThanOrEqual(limits.most + underWay);
    // A socket and a file for each that is at work, and what the libraries keep for later.
    expect((last?.handles ?? 0) - (first?.handles ?? 0)).toBeLessThanOrEqual(4 * atOnce);
    expect((last?.files ?? 0) - (first?.files ?? 0)).toBeLessThanOrEqual(4 * atOnce);
    // What a garbage collector leaves lying about; 5,000 missions that leave 10 kB each are more.
    expect((last?.memoryMb ?? 0) - (first?.memoryMb ?? 0)).toBeLessThanOrEqual(40);
  },
);
