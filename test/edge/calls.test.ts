import { beforeEach, expect, test } from 'vitest';
import { providerCalls } from '../../shared/calls/providers.ts';
import { awayMs } from '../../shared/limits.ts';
import { adminScopes, type Scope, userScopes } from '../../shared/scopes.ts';
import { callHost } from '../../worker/hosts/call.ts';
import { callObject } from '../../worker/hosts/object.ts';
import { handClock } from '../support/hand-clock.ts';
import { edgeEnv, principalWith } from './edge.ts';
import { dialHost, enrolHost, hello } from './host-peer.ts';

let host = '';

/** Any call will do. */
const remove = (scopes: readonly Scope[] = adminScopes) =>
  callHost(edgeEnv(), principalWith(scopes), host, providerCalls.remove, { id: 'openai' });

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
  const answer = remove();
  const { id, method, args, owner } = await peer.next('call');
  peer.send({ type: 'result', id, ok: true, value: { text: 'It is gone' } });

  expect({ method, args, owner }).toEqual({
    method: 'providers.remove',
    args: { id: 'openai' },
    owner: principalWith(adminScopes).user.id,
  });
  expect(await answer).toEqual({ text: 'It is gone' });
});

test("the host's refusal reaches the client with its code and text, whatever it may be", async () => {
  const peer = await up();
  const refused = async (value: unknown) => {
    const answer = remove();
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
  const answer = remove();
  const { id } = await peer.next('call');
  peer.send({ type: 'result', id, ok: true, value: { texts: [] } });

  await expect(answer).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('Update') });
});

test('without a host, with one that goes, and with one that is replaced, a call fails at once with 503', async () => {
  await expect(remove()).rejects.toMatchObject({ code: 'unavailable' });
  const first = await up();
  const cut = remove();
  const cutEnds = expect(cut).rejects.toMatchObject({ code: 'unavailable' });
  await first.next('call');
  first.close();
  await cutEnds;

  const second = await up('r2');
  const replaced = remove();
  const replacedEnds = expect(replaced).rejects.toMatchObject({ code: 'unavailable' });
  await second.next('call');
  await up('r3');
  await replacedEnds;
});

test('a host that stays connected and never answers is given up after its time, unless the call is a patient one', async () => {
  const peer = await up();
  const clock = handClock();
  const patient = { ...providerCalls.remove, isPatient: true };
  const answers = [providerCalls.remove, patient].map((each) =>
    callHost(edgeEnv({ clock }), principalWith(adminScopes), host, each, { id: 'openai' }),
  );
  const given = expect(answers[0]).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('did not answer providers.remove within 45 s'),
  });
  const [, late] = [await peer.next('call'), await peer.next('call')];
  clock.advance(awayMs);
  await given;
  clock.advance(100 * awayMs);
  peer.send({ type: 'result', id: late.id, ok: true, value: { text: 'It is gone' } });

  expect(await answers[1]).toEqual({ text: 'It is gone' });
});

test('a call that met a move of its object is made once more, one that met an overloaded object is not', async () => {
  const met = async (...marks: Record<string, true>[]) => {
    let calls = 0;
    const answer = await callObject(edgeEnv(), host, async () => {
      calls++;
      const mark = marks.shift();
      if (mark) throw Object.assign(new Error('the platform'), mark);
      return 'an answer';
    }).catch(({ code, message }: { code?: string; message: string }) => `${code}: ${message}`);
    return [calls, answer];
  };
  const gone = 'unavailable: control session unavailable';

  expect(await met({ retryable: true })).toEqual([2, 'an answer']);
  expect(await met({ retryable: true }, { retryable: true })).toEqual([2, gone]);
  expect(await met({ overloaded: true })).toEqual([1, gone]);
  expect(await met({ retryable: true, overloaded: true })).toEqual([1, gone]);
  expect(await met({ retryable: true }, { overloaded: true })).toEqual([2, gone]);
  expect(await met({ durableObjectReset: true })).toEqual([1, gone]);
  expect(await met({})).toEqual([1, 'undefined: the platform']);
});

test('what a principal may not do is refused before anything is sent, and what it may is sent', async () => {
  const peer = await up();

  await expect(remove(['read'])).rejects.toMatchObject({
    code: 'forbidden',
    message: 'Only an admin may do this',
  });
  await expect(remove(userScopes)).rejects.toMatchObject({ code: 'forbidden' });
  const listed = callHost(edgeEnv(), principalWith(['read']), host, providerCalls.list, {});
  const removed = remove(['admin']);

  // The first that comes is one that may: nothing was sent for those that may not.
  const [first, second] = [await peer.next('call'), await peer.next('call')];
  expect([first.method, second.method]).toEqual(['providers.list', 'providers.remove']);
  peer.send({ type: 'result', id: first.id, ok: true, value: [] });
  peer.send({ type: 'result', id: second.id, ok: true, value: { text: 'It is gone' } });
  expect([await listed, await removed]).toEqual([[], { text: 'It is gone' }]);
});
