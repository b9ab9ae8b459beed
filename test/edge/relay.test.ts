import { env } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { downloadChannel, uploadChannel } from '../../shared/channels/transfers.ts';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { transferWindowBytes } from '../../shared/limits.ts';
import { openChannel, receiveBody, sendBody } from '../../worker/relay/open.ts';
import { Pair } from '../../worker/relay/pair.ts';
import { joinHeaders, relayTimes } from '../../worker/relay/port.ts';
import { handClock } from '../support/hand-clock.ts';
import { type EnrolledHost, enrol, freshDirectory, principalWith } from './edge.ts';
import { dial, joinTransfer, transferPeer } from './transfer-peer.ts';

const chunkBytes = 64 * 1024;
const somebody = principalWith(['read', 'run']);
let host: EnrolledHost;

beforeEach(async () => {
  await freshDirectory();
  host = await enrol();
});

/** A body that is made as fast as it is read, and knows how far that is. */
const endless = (bytes: number) => {
  let made = 0;
  const body = new ReadableStream(
    {
      type: 'bytes',
      pull: (controller) => {
        if (made >= bytes) return controller.close();
        made += chunkBytes;
        controller.enqueue(new Uint8Array(chunkBytes).fill(46));
      },
    },
    { highWaterMark: 0 },
  );
  return { body, made: () => made };
};

test('an upload reaches the server no faster than it grants, and ends with what the server made of it', async () => {
  const transfer = await openChannel(env, host.id, uploadChannel, somebody);
  const { body, made } = endless(48 * chunkBytes);
  const answer = sendBody(transfer, body);
  const peer = await joinTransfer(host, transfer.ticket);
  peer.send({ type: 'grant', bytes: 3 * chunkBytes });
  await peer.arrived(3 * chunkBytes);
  await peer.settled();

  expect(peer.received()).toBe(3 * chunkBytes);
  // What is in the pipes between is far from the whole.
  expect(made()).toBeLessThan(24 * chunkBytes);

  for (let granted = 3; granted < 48; granted += 5) peer.send({ type: 'grant', bytes: 5 * chunkBytes });
  await peer.next('end');
  expect(peer.received()).toBe(48 * chunkBytes);
  peer.send({ type: 'done', value: { path: '/a', name: 'a' } });

  expect(await answer).toEqual({ path: '/a', name: 'a' });
  expect((await peer.closed).code).toBe(1000);
});

test('a download is granted as its reader takes it, and is whole', async () => {
  const transfer = await openChannel(env, host.id, downloadChannel, somebody);
  const chunks = 40;
  const body = receiveBody(transfer, chunks * chunkBytes);
  const peer = await joinTransfer(host, transfer.ticket);
  let granted = (await peer.next('grant')).bytes;
  expect(granted).toBe(transferWindowBytes);
  for (let sent = 0; sent < granted; sent += chunkBytes) peer.sendBytes(new Uint8Array(chunkBytes).fill(46));
  await peer.settled();
  const sending = (async () => {
    for (let sent = transferWindowBytes; sent < chunks * chunkBytes; sent += chunkBytes) {
      while (granted < sent + chunkBytes) granted += (await peer.next('grant')).bytes;
      peer.sendBytes(new Uint8Array(chunkBytes).fill(46));
    }
    peer.send({ type: 'end' });
  })();

  const read = await new Response(await body).arrayBuffer();
  await sending;

  expect(read.byteLength).toBe(chunks * chunkBytes);
  await peer.next('done');
  expect((await peer.closed).code).toBe(1000);
});

test('a server that sends more than it was granted is cut off, and the download breaks', async () => {
  const transfer = await openChannel(env, host.id, downloadChannel, somebody);
  const body = receiveBody(transfer, 10 * transferWindowBytes);
  const peer = await joinTransfer(host, transfer.ticket);
  const reader = (await body).getReader();
  await peer.next('grant');
  for (let sent = 0; sent <= transferWindowBytes; sent += chunkBytes) peer.sendBytes(new Uint8Array(chunkBytes));

  expect(await peer.next('failed')).toMatchObject({ code: 'internal', message: expect.stringContaining('granted') });
  await expect(
    (async () => {
      while (!(await reader.read()).done);
    })(),
  ).rejects.toThrow();
});

test('an upload ends with 503 and what to do when the server goes, and with its own words when it refuses', async () => {
  const cut = await openChannel(env, host.id, uploadChannel, somebody);
  const cutAnswer = sendBody(cut, endless(100 * chunkBytes).body);
  const cutEnds = expect(cutAnswer).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('Try again'),
  });
  const going = await joinTransfer(host, cut.ticket);
  going.send({ type: 'grant', bytes: chunkBytes });
  await going.arrived(chunkBytes);
  going.close();
  await cutEnds;

  const refused = await openChannel(env, host.id, uploadChannel, somebody);
  const refusedAnswer = sendBody(refused, endless(100 * chunkBytes).body);
  const refusedEnds = expect(refusedAnswer).rejects.toMatchObject({ code: 'bad_request', message: 'No such thing' });
  const refusing = await joinTransfer(host, refused.ticket);
  refusing.send({ type: 'failed', code: 'bad_request', message: 'No such thing' });
  await refusedEnds;
});

test('an upload ends when its client goes in the middle', async () => {
  const transfer = await openChannel(env, host.id, uploadChannel, somebody);
  let sent = 0;
  const body = new ReadableStream({
    type: 'bytes',
    pull: (controller) => {
      if (sent >= 3 * chunkBytes) return controller.error(new Error('the client went away'));
      sent += chunkBytes;
      controller.enqueue(new Uint8Array(chunkBytes));
    },
  });
  const answer = expect(sendBody(transfer, body)).rejects.toBeInstanceOf(AppError);
  const peer = await joinTransfer(host, transfer.ticket);
  peer.send({ type: 'grant', bytes: transferWindowBytes });

  // The platform may end a broken body like a whole one: then what is missing shows where the body is parsed.
  const end = await Promise.race([peer.next('end'), peer.next('failed')]);
  expect(peer.received()).toBeLessThanOrEqual(4 * chunkBytes);
  if (end.type === 'end') peer.send({ type: 'failed', code: 'bad_request', message: 'no whole body' });
  await answer;
});

test('a download breaks off where its server goes, and the server hears of a reader that goes', async () => {
  const cut = await openChannel(env, host.id, downloadChannel, somebody);
  const cutBody = receiveBody(cut, 10 * chunkBytes);
  const going = await joinTransfer(host, cut.ticket);
  going.sendBytes(new Uint8Array(chunkBytes));
  const read = new Response(await cutBody).arrayBuffer();
  const broken = expect(read).rejects.toThrow();
  going.close();
  await broken;

  const left = await openChannel(env, host.id, downloadChannel, somebody);
  const leftBody = receiveBody(left, 100 * chunkBytes);
  const staying = await joinTransfer(host, left.ticket);
  const reader = (await leftBody).getReader();
  staying.sendBytes(new Uint8Array(chunkBytes));
  await reader.read();
  await reader.cancel();
  for (let sent = 0; sent < 4; sent++) staying.sendBytes(new Uint8Array(chunkBytes));
  expect(await staying.next('failed')).toMatchObject({ code: 'unavailable' });
});

test('a download of another length than announced breaks', async () => {
  for (const bytes of [1000, 3000]) {
    const transfer = await openChannel(env, host.id, downloadChannel, somebody);
    const body = receiveBody(transfer, 2000);
    const peer = await joinTransfer(host, transfer.ticket);
    const broken = expect(new Response(await body).arrayBuffer()).rejects.toThrow();
    peer.sendBytes(new Uint8Array(bytes));
    peer.send({ type: 'end' });

    await peer.next('failed');
    await broken;
  }
});

test('a transfer is joined once, by its own server, with its own secret', async () => {
  const other = await enrol();
  const transfer = await openChannel(env, host.id, uploadChannel, somebody);
  const { id, secret } = transfer.ticket;
  const wrong = 'x'.repeat(43);

  expect((await dial(host, { id, secret: wrong })).status).toBe(403);
  expect((await dial(other, { id, secret })).status).toBe(410);
  expect((await dial({ id: host.id, credential: 'wrong' }, { id, secret })).status).toBe(401);
  expect((await dial(host, { id: crypto.randomUUID(), secret })).status).toBe(410);
  expect((await dial(host, { id: 'no-uuid', secret })).status).toBe(400);
  const answer = sendBody(transfer, endless(chunkBytes).body);
  const peer = await joinTransfer(host, transfer.ticket);
  expect((await dial(host, transfer.ticket)).status).toBe(409);
  await expect(sendBody(transfer, endless(chunkBytes).body)).rejects.toMatchObject({ code: 'conflict' });
  expect((await peer.next('failed')).code).toBe('conflict');
  await answer.catch(() => undefined);
});

const expected = { host: 'h', secretSha256: 's' };
const headers = new Headers({ [joinHeaders.host]: 'h', [joinHeaders.secretSha256]: 's' });
/** The client's end. */
const uploaded = (pair: Pair, body: ReadableStream) =>
  pair.couple(new Request('http://relay/id/client', { method: 'POST', body }));
/** The server's end. */
const joined = (pair: Pair) => {
  const socket = pair.join(headers).webSocket;
  if (!socket) throw new Error('not joined');
  return transferPeer(socket);
};

test('either side waits only so long for the other', async () => {
  const clock = handClock();
  const alone = uploaded(new Pair(uploadChannel, expected, { clock }), endless(chunkBytes).body);
  const peer = joined(new Pair(uploadChannel, expected, { clock }));
  clock.advance(relayTimes.joinMs);
  const answer = await alone;

  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('did not open the transfer')]);
  expect((await peer.next('failed')).message).toContain('Nobody came for the transfer');
  expect(clock.waits()).toEqual([]);
});

test('a transfer ends when nothing moves any more, however often its server is heard of', async () => {
  const clock = handClock();
  const pair = new Pair(uploadChannel, expected, { clock });
  const answer = uploaded(pair, endless(chunkBytes).body);
  const peer = joined(pair);
  for (let passedMs = 0; passedMs < relayTimes.stallMs; passedMs += relayTimes.checkMs) {
    await peer.settled();
    clock.advance(relayTimes.checkMs);
  }
  expect(clock.waits()).toEqual([relayTimes.checkMs]);
  clock.advance(relayTimes.checkMs);

  expect(await (await answer).text()).toContain('Nothing moved');
});

test('a transfer ends when its server falls silent', async () => {
  const clock = handClock();
  const pair = new Pair(uploadChannel, expected, { clock });
  const answer = uploaded(pair, endless(chunkBytes).body);
  joined(pair);
  clock.advance(relayTimes.silenceMs + relayTimes.checkMs);

  expect(await (await answer).text()).toContain('fell silent');
});

test('a body above the limit is refused with 413, and both sides hear of it', async () => {
  const pair = new Pair({ ...uploadChannel, maxBytes: 2 * chunkBytes }, expected, { clock: systemClock });
  const answer = uploaded(pair, endless(4 * chunkBytes).body);
  const peer = joined(pair);
  peer.send({ type: 'grant', bytes: transferWindowBytes });

  expect((await answer).status).toBe(413);
  expect((await peer.next('failed')).code).toBe('too_large');
});

test('a server that speaks no frames is cut off', async () => {
  const pair = new Pair(uploadChannel, expected, { clock: systemClock });
  const answer = uploaded(pair, endless(chunkBytes).body);
  const socket = pair.join(headers).webSocket;
  if (!socket) throw new Error('not joined');
  socket.accept();
  socket.send('{"type":"unknown"}');

  expect((await answer).status).toBe(500);
});

test('what a server says became of the bytes is as the channel declares it, and the channel is one that there is', async () => {
  const opened = await openChannel(env, host.id, uploadChannel, somebody);
  const answer = expect(sendBody(opened, endless(chunkBytes).body)).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringContaining('no frame of a transfer'),
  });
  const peer = await joinTransfer(host, opened.ticket);
  peer.send({ type: 'grant', bytes: chunkBytes });
  await peer.next('end');
  peer.send({ type: 'done', value: { stored: '/a' } });
  await answer;

  await expect(openChannel(env, host.id, { ...uploadChannel, name: 'no such' }, somebody)).rejects.toThrow(
    'no channel no such',
  );
});
