// Whoever reads more and more is slowed down, and nobody else is.
import { beforeEach, expect, test } from 'vitest';
import type { MissionJson } from '../../shared/api.ts';
import { Reading, readAtOnce, readEverySecond } from '../../worker/reading.ts';
import { handClock } from '../support/hand-clock.ts';
import { asUser, edgeEnv, enrol, freshDirectory, users } from './edge.ts';

beforeEach(async () => {
  await freshDirectory();
  await enrol();
});

test('a long answer waits where its reader has read too much, and is whole after that', async () => {
  const [clock, reading] = [handClock(Date.now()), new Reading()];
  const bound = edgeEnv({ clock, reading, OPEN_AGENT_USERS: users('ada', 'bob') });
  const missionOf = async (user: ReturnType<typeof asUser>): Promise<string> => {
    const made = await user('/api/control/missions', { method: 'POST', json: {} });
    return `/api/control/missions/${((await made.json()) as MissionJson).id}/events`;
  };
  const [ada, bob] = [asUser('ada', bound), asUser('bob', bound)];
  const [hers, his] = [await missionOf(ada), await missionOf(bob)];

  reading.waitMs('ada', readAtOnce + readEverySecond, clock.steadyMs());
  let isAnswered = false;
  const answer = ada(hers).then(async (response) => {
    isAnswered = true;
    return response.json();
  });
  await clock.awaited(1_001); // The second that was too much, and what begins every list.
  expect(await (await bob(his)).json()).toEqual([]);
  expect(isAnswered).toBe(false);

  clock.advance(1_001);
  expect(await answer).toEqual([]);
});
