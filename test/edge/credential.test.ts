// A server dials its link by the credential that its own object keeps, whatever D1 says about it just then.
import { env } from 'cloudflare:workers';
import { createHash, randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { hostObject } from '../../worker/hosts/object.ts';
import { d1PatienceMs } from '../../worker/hosts/proven.ts';
import { handClock } from '../support/hand-clock.ts';
import { type D1Illness, sickD1 } from '../support/sick-d1.ts';
import { asUser, type EnrolledHost, edgeEnv, enrol, freshDirectory, request } from './edge.ts';

beforeEach(freshDirectory);

const ada = asUser('ada');

/** The edge whose D1 is ill. */
const edgeWith = (illness: D1Illness) => {
  const d1 = sickD1();
  d1.is(illness);
  const clock = handClock(Date.now());
  return { clock, bound: { ...edgeEnv({ clock }), DB: d1.binding(env.DB) } };
};

/** The status of a dial of the link. */
const dial = async ({ id, credential }: Pick<EnrolledHost, 'id' | 'credential'>, bound = edgeEnv()) => {
  const headers = { Upgrade: 'websocket', Authorization: `Bearer ${id}.${credential}` };
  const response = await request('/api/host/link', { headers }, bound);
  response.webSocket?.accept();
  response.webSocket?.close(1000, 'enough');
  return response.status;
};

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test.each(['fails', 'forgets'] as const)('a server dials while D1 %s, and nobody else does', async (illness) => {
  const { bound } = edgeWith(illness);
  const host = await enrol();

  // Its object was told when it was enrolled.
  expect(await dial(host, bound)).toBe(101);
  expect(await dial({ ...host, credential: 'another' }, bound)).toBe(401);
  expect(await dial({ ...host, id: 'no-id' }, bound)).toBe(401);
  // Of a server whose object was never told nothing is known but by D1: it is told to dial again.
  expect(await dial({ ...host, id: randomUUID() }, bound)).toBe(503);
});

test('a server dials although D1 does not answer', async () => {
  const { bound, clock } = edgeWith('hangs');
  const host = await enrol();
  await dial(host);
  const dialled = dial(host, bound);
  await clock.awaited(d1PatienceMs);
  clock.advance(d1PatienceMs);

  expect(await dialled).toBe(101);
});

test('a credential that was issued again is the only one from then on, in whatever order the object is told', async () => {
  const { bound } = edgeWith('fails');
  const host = await enrol();
  await dial(host);
  const object = hostObject(env, host.id);
  await object.setCredential({ sha256: sha256('third'), epoch: 3 });
  await object.setCredential({ sha256: sha256('second'), epoch: 2 });

  const tried = ['second', 'third', host.credential].map((credential) => dial({ ...host, credential }, bound));
  expect(await Promise.all(tried)).toEqual([401, 101, 401]);
});

test('enrolling tells the object before it answers, so that the first dial needs no D1', async () => {
  const code = (await (await ada('/api/hosts', { method: 'POST', json: {} })).json<{ code: string }>()).code;
  const json = { code, name: 'new', version: '1', protocol: 1 };
  const answer = await request('/api/hosts/enrol', { method: 'POST', json });

  expect(await dial(await answer.json<EnrolledHost>(), edgeWith('fails').bound)).toBe(101);
});

test('a removed server dials no more, with D1 and without', async () => {
  const host = await enrol();
  await dial(host);
  await ada(`/api/hosts/${host.id}`, { method: 'DELETE' });

  expect([await dial(host), await dial(host, edgeWith('fails').bound)]).toEqual([401, 401]);
});
