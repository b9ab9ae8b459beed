import { beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { call } from '../../shared/calls/call.ts';
import { awayMs } from '../../shared/limits.ts';
import { callHost } from '../../worker/hosts/call.ts';
import { handClock } from '../support/hand-clock.ts';
import { edgeEnv } from './edge.ts';
import { dialHost, enrolHost, hello } from './host-peer.ts';

const double = call('test.double', z.object({ n: z.number() }), z.object({ twice: z.number() }));
let host = '';

const up = async (run = 'r1') => {
  const peer = await dialHost(host);
  peer.send(hello(run));
  await peer.next('welcome');
  return peer;
};

beforeEach(async () => {
  host = crypto.randomUUID();
  await enrolHost(host);
});

test('a call reaches the host with its arguments and comes back with its answer', async () => {
  const peer = await up();
  const answer = callHost(edgeEnv(), host, double, { n: 21 });
  const { id, method, args } = await peer.next('call');
  peer.send({ type: 'result', id, ok: true, value: { twice: 42 } });

  expect({ method, args }).toEqual({ method: 'test.double', args: { n: 21 } });
  expect(await answer).toEqual({ twice: 42 });
});

test("the host's refusal reaches the client with its code and text, whatever it may be", async () => {
  const peer = await up();
  const refused = async (value: unknown) => {
    const answer = callHost(edgeEnv(), host, double, { n: 1 });
    const { id } = await peer.next('call');
    peer.send({ type: 'result', id, ok: false, value });
    return answer.then(() => null).catch(({ code, message }: { code: string; message: string }) => [code, message]);
  };

  expect(await refused({ code: 'not_found', message: 'No such thing here' })).toEqual([
    'not_found',
    'No such thing here',
  ]);
  expect(await refused({ code: 'of a later version', message: 'text' })).toEqual(['internal', 'text']);
  expect((await refused('garbage'))?.[0]).toBe('internal');
});

test('an answer of another shape is an error that says which side to update', async () => {
  const peer = await up();
  const answer = callHost(edgeEnv(), host, double, { n: 1 });
  const { id } = await peer.next('call');
  peer.send({ type: 'result', id, ok: true, value: { thrice: 3 } });

  await expect(answer).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('Update') });
});

test('without a host, with one that goes, and with one that is replaced, a call fails at once with 503', async () => {
  await expect(callHost(edgeEnv(), host, double, { n: 1 })).rejects.toMatchObject({ code: 'unavailable' });
  const first = await up();
  const cut = callHost(edgeEnv(), host, double, { n: 2 });
  const cutEnds = expect(cut).rejects.toMatchObject({ code: 'unavailable' });
  await first.next('call');
  first.close();
  await cutEnds;

  const second = await up('r2');
  const replaced = callHost(edgeEnv(), host, double, { n: 3 });
  const replacedEnds = expect(replaced).rejects.toMatchObject({ code: 'unavailable' });
  await second.next('call');
  await up('r3');
  await replacedEnds;
});

test('a host that stays connected and never answers is given up after its time, unless the call is a patient one', async () => {
  const peer = await up();
  const clock = handClock();
  const patient = { ...double, isPatient: true };
  const answers = [double, patient].map((each) => callHost(edgeEnv({ clock }), host, each, { n: 1 }));
  const given = expect(answers[0]).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('did not answer test.double within 45 s'),
  });
  const [, late] = [await peer.next('call'), await peer.next('call')];
  clock.advance(awayMs);
  await given;
  clock.advance(100 * awayMs);
  peer.send({ type: 'result', id: late.id, ok: true, value: { twice: 2 } });

  expect(await answers[1]).toEqual({ twice: 2 });
});
