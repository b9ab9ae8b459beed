// From a message to the model: what a person waits for before an agent can begin, beside OpenCode itself.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataOf } from '../../support/typed-api.ts';
import { atMostTimes, type Report, round } from '../figures.ts';
import { type RunningSystem, startRunningSystem } from '../running-system.ts';

/** Odd, so that there is one in the middle; both take turns, so that a busy second is busy for both. */
const rounds = 21;
const quickRounds = 7;
/** The aim, in times of OpenCode itself. */
const aimTimes = 1.2;

/** From the request of a message to the model's being asked: the first one of a new mission, and the second. */
export const firstToken = async (report: Report, quick: boolean): Promise<void> => {
  const system = await startRunningSystem();
  const place = mkdtempSync(join(tmpdir(), 'first-token-'));
  const took = { ours: times(), openCode: times() };
  try {
    // First turns warm both up and aren't counted.
    for (let done = -1; done < (quick ? quickRounds : rounds); done++) {
      const ours = await throughOpenAgent(system);
      const theirs = await throughOpenCode(system, join(place, String(done)));
      if (done < 0) continue;
      for (const nth of ['first', 'second'] as const) {
        took.ours[nth].push(ours[nth]);
        took.openCode[nth].push(theirs[nth]);
      }
    }
  } finally {
    await system.close();
    rmSync(place, { recursive: true, force: true });
  }
  for (const nth of ['first', 'second'] as const) {
    const [value, baseline] = [median(took.ours[nth]), median(took.openCode[nth])];
    report({
      name: `from the ${nth} message of a mission until the model is asked, median`,
      value,
      unit: 'ms',
      baseline: { name: 'ms OpenCode itself', value: baseline },
      aim: atMostTimes(value, baseline, aimTimes),
      note: `${round(value / baseline)} × OpenCode itself; p90 ${round(p90(took.ours[nth]))} beside ${round(p90(took.openCode[nth]))} ms`,
    });
  }
};

const times = (): Record<'first' | 'second', number[]> => ({ first: [], second: [] });

const throughOpenAgent = async ({ person, untilIdle, untilAsked }: RunningSystem) => {
  const { id } = await dataOf(person.api.POST('/api/control/missions', { body: {} }));
  const say = async (content: string): Promise<number> => {
    const took = await timed(untilAsked, () => person.say(content, id));
    await untilIdle();
    return took;
  };
  return { first: await say('SAY One.'), second: await say('SAY Two.') };
};

const throughOpenCode = async ({ openCodeServer, untilAsked, untilOpenCodeIdle }: RunningSystem, directory: string) => {
  const { createSession, prompt } = openCodeServer();
  let session = '';
  const first = await timed(untilAsked, async () => {
    mkdirSync(directory);
    session = await createSession(directory, 'First token');
    await prompt(session, 'SAY One.');
  });
  await untilOpenCodeIdle(directory);
  const second = await timed(untilAsked, () => prompt(session, 'SAY Two.'));
  await untilOpenCodeIdle(directory);
  return { first, second };
};

/** Milliseconds from the beginning of `ask` until the model was asked once more. */
const timed = async (untilAsked: () => Promise<void>, ask: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await Promise.all([ask(), untilAsked()]);
  return performance.now() - begun;
};

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const median = (values: readonly number[]): number => sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN;
const p90 = (values: readonly number[]): number => sorted(values)[Math.floor(values.length * 0.9)] ?? Number.NaN;
