// What takes long ends with the login by which it was begun: files on their way, and answers that are taken slowly.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import type { MissionJson } from '../../shared/api.ts';
import { closeCode } from '../../shared/limits.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { handClock } from '../support/hand-clock.ts';
import { asUser, type EnrolledHost, edgeEnv, enrol, freshDirectory, request, tokenOf, users } from './edge.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import { joinTransfer, type TransferPeer } from './transfer-peer.ts';

const bound = edgeEnv({ OPEN_AGENT_USERS: users('ada', 'bob') });
const boundary = 'b';
let host: EnrolledHost;
let peer: HostPeer;
let token = '';
let other = '';

beforeEach(async () => {
  await freshDirectory();
  host = await enrol();
  peer = await dialHost(host.id);
  peer.send(hello('r1'));
  await peer.next('welcome');
  [token, other] = [await tokenOf('ada', { bound }), await tokenOf('ada', { bound })];
});

const by = (login: string, path: string, init: RequestInit & { json?: unknown } = {}, edge = bound) => {
  const headers = new Headers(init.headers);
  headers.set('Authorization', `Bearer ${login}`);
  return request(path, { ...init, headers }, edge);
};

/** Answers the server's next call, and joins the transfer that it names. */
const transferOf = async (value: unknown): Promise<TransferPeer> => {
  const { id, args } = await peer.next('call');
  peer.send({ type: 'result', id, ok: true, value });
  return joinTransfer(host, (args as { transfer: { id: string; secret: string } }).transfer);
};

/** An upload whose body never ends, which has begun. */
const uploading = async (login: string) => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const headers = { 'Content-Type': `multipart/form-data; boundary=${boundary}` };
  const answer = by(login, '/api/fs/upload?path=/x', { method: 'POST', body: readable, headers });
  const end = await transferOf({});
  end.send({ type: 'grant', bytes: 1_000_000 });
  writer.write(new Uint8Array(200_000)).catch(() => undefined); // Ends with the request.
  await end.arrived(64 * 1024);
  return { answer, end, writer };
};

/** A download of which half has come. */
const downloading = async (login: string) => {
  const asked = by(login, '/api/fs/download?path=/x');
  const size = 200_000;
  const span = { start: 0, bytes: size };
  const end = await transferOf({ name: 'x', size, mtimeMs: 1_700_000_000_000, tag: '"t"', span });
  await end.next('grant');
  end.sendBytes(new Uint8Array(size / 2));
  const reader = (await asked).body?.getReader();
  expect((await reader?.read())?.value?.byteLength).toBeGreaterThan(0);
  const rest = (async () => {
    for (;;) if ((await reader?.read())?.done) return 'whole';
  })();
  return { end, rest };
};

const logOut = (login: string, json: object = {}) => by(login, '/api/auth/logout', { method: 'POST', json });

test('an upload ends with its login: the server is told, the client is 401, and what another login sends goes on', async () => {
  const [mine, others] = [await uploading(token), await uploading(other)];

  expect((await logOut(token)).status).toBe(200);

  expect([(await mine.answer).status, await (await mine.answer).text()]).toEqual([
    401,
    expect.stringContaining('login has ended'),
  ]);
  expect(await mine.end.next('failed')).toMatchObject({ code: 'unauthorised' });
  expect((await mine.end.closed).code).toBe(closeCode.failed);
  await others.writer.close();
  await others.end.next('end');
  others.end.send({ type: 'done', value: { path: '/x', name: 'x' } });
  expect((await others.answer).status).toBe(200);
});

test('a download breaks off with its login, whoever ends it, and its server is told', async () => {
  const { end, rest } = await downloading(token);

  expect((await logOut(other, { everywhere: true })).status).toBe(200);

  await expect(rest).rejects.toThrow();
  expect(await end.next('failed')).toMatchObject({ code: 'unauthorised' });
});

test('transfers of somebody who is no user any more end', async () => {
  // As the Worker knows it, which may be older than the configuration that the objects have.
  const ofCarol = edgeEnv({ OPEN_AGENT_USERS: users('carol') });
  const answer = asUser('carol', ofCarol)('/api/fs/download?path=/x');
  const end = await transferOf({ name: 'x', size: 9, mtimeMs: 1, tag: '"t"', span: { start: 0, bytes: 9 } });
  const reading = (await answer).arrayBuffer();

  await expect(reading).rejects.toThrow();
  expect(await end.next('failed')).toMatchObject({ code: 'unauthorised' });
});

test('an answer that is taken slowly breaks off with its login', async () => {
  const created = await by(token, '/api/control/missions', { method: 'POST', json: {} });
  const { id } = await created.json<MissionJson>();
  const turn = crypto.randomUUID();
  const called = (n: number) =>
    row(id, { type: 'tool.called', turn, tool_call_id: `c${n}`, name: 'write', args: { text: 'x'.repeat(40_000) } });
  peer.send(
    batch(
      'r1',
      1,
      Array.from({ length: 100 }, (_, n) => called(n)),
    ),
  );
  await peer.next('ack');
  const clock = handClock(Date.now());
  const answer = await by(token, `/api/control/missions/${id}/events`, {}, { ...bound, clock });
  const reader = answer.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);

  clock.advance(1_000);
  await logOut(token);

  await expect(reader?.closed).rejects.toThrow('login has ended');
});

test('transfers of a server end when it is removed', async () => {
  const { answer, end } = await uploading(token);

  const removed = await by(token, `/api/hosts/${host.id}`, { method: 'DELETE' });
  expect(removed.status).toBe(200);

  expect((await answer).status).toBe(503);
  expect((await end.closed).code).toBe(closeCode.failed);
  expect(await hostObject(env, host.id).usage('ada')).toMatchObject({ uploads: 0 });
});
