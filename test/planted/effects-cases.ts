// What follows a commit, and what routes the next request: shown by an edge alone.
import { expect } from 'vitest';
import type { Person } from '../support/person.ts';
import type { EdgeCase } from './edge-cases.ts';

const made = async (person: Person, title: string): Promise<string> =>
  (await person.call('POST', '/api/control/missions', { title })).json.id;
const setStatus = async (person: Person, mission: string, status: string): Promise<void> => {
  expect((await person.call('POST', `/api/control/missions/${mission}/status`, { status })).status).toBe(200);
};
/** Its status in the list of missions, which is D1's. */
const listed = async (person: Person, mission: string): Promise<string | undefined> => {
  const all: { id: string; status: string }[] = (await person.call('GET', '/api/control/missions')).json;
  return all.find(({ id }) => id === mission)?.status;
};
/** D1 has been told what was owed so far: what came after it, several times over, is listed. */
const told = async (person: Person): Promise<void> => {
  for (let n = 0; n < 5; n++) {
    const later = await made(person, `after ${n}`);
    await expect.poll(() => listed(person, later), { message: 'a mission that lists never show' }).toBe('active');
  }
};

export const changeShownInLists: EdgeCase = async (edge) => {
  const person = await edge.person('ada');
  const mission = await made(person, 'A');
  await told(person);

  await setStatus(person, mission, 'failed');

  await told(person);
  expect(await listed(person, mission), 'a change that lists never show').toBe('failed');
};

/** Nothing but the next change of another mission tells the object that D1 is an older copy. */
export const olderDirectory: EdgeCase = async (edge) => {
  const person = await edge.person('ada');
  const [changed, other] = [await made(person, 'A'), await made(person, 'B')];
  await told(person);
  await edge.kill();
  const yesterday = edge.d1.backup();
  await edge.start();
  await setStatus(person, changed, 'failed');
  await told(person);
  await edge.kill();
  edge.d1.restore(yesterday);
  await edge.start();

  await setStatus(person, other, 'failed');

  await told(person);
  expect(await listed(person, changed), 'what an older copy of D1 does not have').toBe('failed');
};

export const refusedLeavesCurrent: EdgeCase = async (edge) => {
  const person = await edge.person('ada');
  const [idle, current] = [await made(person, 'A'), await made(person, 'B')];

  expect((await person.call('POST', `/api/control/missions/${idle}/resume`, {})).status).toBe(400);

  const { json } = await person.call('GET', '/api/control/missions/current');
  expect(json.id, 'where the next message goes after a refusal').toBe(current);
};
