// One user does everything that is allowed, and a little more, as fast as it goes; another one works meanwhile.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resumingViewer } from '../support/resuming-viewer.ts';
import { expectAgreed, expectSeen, expectWhole } from './case.ts';
import { attack } from './hostile-user.ts';
import { type Laboratory, password, startLaboratory } from './laboratory.ts';

let lab: Laboratory;
beforeAll(async () => {
  lab = await startLaboratory({
    users: [{ username: 'ada', password }],
    unwatched: [{ username: 'mallory', password }],
  });
});
afterAll(() => lab?.stop());

/** So often where no quota ends it sooner. */
const rounds = 20;

test('a user at every quota at once: is refused and shown nothing of others, whose logs and streams are exact', async () => {
  const ada = await lab.person({ username: 'ada' });
  const mallory = await lab.person({ username: 'mallory', direct: true });
  const viewer = await resumingViewer(ada);
  const secret = 'ada-alone-knows';
  const { mission, message } = await ada.say(`SAY ${secret} begun.\nWAIT ${secret}\nSAY Done.`);
  await lab.model.reached(secret);

  const attacking = attack(mallory, { mission, message }, rounds);
  const second = await ada.call('POST', '/api/control/message', { content: `SAY ${secret} too`, mission_id: mission });
  lab.model.release(secret);
  await viewer.ended(mission, 2);
  const { statuses, texts } = await attacking;

  expect(second.status, second.text).toBe(200);
  const told = JSON.stringify([...statuses].map(([kind, counts]) => [kind, ...counts]));
  // The server dials for each upload, and on a busy machine comes too late for one of so many at once: 503, try again.
  const mayFail = (kind: string, status: number): boolean => kind === 'upload' && status === 503;
  for (const [kind, counts] of statuses)
    for (const status of counts.keys()) expect(status < 500 || mayFail(kind, status), told).toBe(true);
  const of = (kind: string): number[] => [...(statuses.get(kind)?.keys() ?? [])].toSorted();
  expect(of('stream'), told).toEqual([200]);
  expect(of('pry'), told).toEqual([404]);
  expect(of('too long'), told).toEqual([413]);
  for (const kind of ['queue', 'login']) expect(of(kind), told).toContain(429);
  expect(
    of('control').some((status) => status === 413 || status === 429),
    told,
  ).toBe(true);
  expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  expectSeen(viewer, mission, await expectWhole(lab, ada, mission, secret));
  await expectAgreed(lab, ada, mission, 'completed');
  await viewer.close();
});
