import { expect, test } from 'vitest';
import { givenMissions } from '../../host-agent/files/given-missions.ts';
import { newMissionId } from '../support/host-store.ts';

/** What is done, in order; each step is let go on by the test. */
const recorded = () => {
  const steps: string[] = [];
  const waiting: (() => void)[] = [];
  let failures = 0;
  const step = async (name: string): Promise<void> => {
    steps.push(`${name} begins`);
    await new Promise<void>((resolve) => waiting.push(resolve));
    if (failures-- > 0) throw new Error('the disk is full');
    steps.push(`${name} ends`);
  };
  const given = givenMissions({
    prepare: async (mission, { clean }) => {
      await step(`prepare ${mission.slice(0, 4)}${clean ? ' anew' : ''}`);
      return `/w/${mission.slice(0, 4)}`;
    },
    give: (_, directory, owner) => step(`give ${directory} to ${owner}`),
  });
  return {
    given,
    steps,
    /** Lets everything go on, until nothing waits. */
    run: async (): Promise<void> => {
      for (let idle = 0; idle < 20; idle++) {
        await new Promise(setImmediate);
        const next = waiting.shift();
        if (!next) continue;
        next();
        idle = 0;
      }
    },
    fail: (count: number) => {
      failures = count;
    },
  };
};

const mission = newMissionId();
const short = mission.slice(0, 4);

test('a mission is given after it was made ready, and nothing is made in it while that goes on', async () => {
  const { given, steps, run } = recorded();
  const all = [
    given.ensure(mission, 'ada'),
    given.prepare(mission, { clean: true, owner: 'ada' }),
    given.prepareUnbegun(mission),
    given.ensure(mission, 'ada'),
  ];

  await run();

  expect(await Promise.all(all)).toEqual([undefined, `/w/${short}`, `/w/${short}`, undefined]);
  const first = [`prepare ${short}`, `give /w/${short} to ada`];
  const expected = [...first, `prepare ${short} anew`, `give /w/${short} to ada`, `prepare ${short}`];
  expect(steps).toEqual(expected.flatMap((step) => [`${step} begins`, `${step} ends`]));
});

test('files of people have it given once, and again after it was forgotten or could not be', async () => {
  const { given, steps, run, fail } = recorded();
  fail(1);
  const failed = given.ensure(mission, 'ada');
  failed.catch(() => undefined); // It rejects while the steps go on.
  await run();
  await expect(failed).rejects.toThrow('the disk is full');

  for (let count = 0; count < 2; count++) {
    const done = given.ensure(mission, 'ada');
    await run();
    await done;
  }
  given.forget(mission);
  const again = given.ensure(mission, 'ada');
  await run();
  await again;

  expect(steps.filter((step) => step.endsWith('begins'))).toEqual([
    `prepare ${short} begins`,
    ...Array.from({ length: 2 }, () => [`prepare ${short} begins`, `give /w/${short} to ada begins`]).flat(),
  ]);
});

test('missions do not wait for each other', async () => {
  const { given, steps, run } = recorded();
  const other = newMissionId();
  const both = [given.ensure(mission, 'ada'), given.ensure(other, 'bob')];
  await new Promise(setImmediate);

  expect(steps).toEqual([`prepare ${short} begins`, `prepare ${other.slice(0, 4)} begins`]);
  await run();
  await Promise.all(both);
});
