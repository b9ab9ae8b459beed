import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';
import { linkTimes } from '../../host-agent/link/times.ts';
import { receiveBytes } from '../../host-agent/relay/receive.ts';
import { sendBytes } from '../../host-agent/relay/send.ts';
import { channel, type Frame } from '../../shared/channels/channel.ts';
import { downloadChannel } from '../../shared/channels/transfers.ts';
import { AppError } from '../../shared/errors.ts';
import { transferChunkBytes, transferWindowBytes } from '../../shared/limits.ts';
import { handClock } from '../support/hand-clock.ts';
import { newHostId } from '../support/host-store.ts';

/** What becomes of the bytes is the channel's to say. */
const measuring = channel('measuring', 'to server', z.unknown());
const ticket = { id: '0190c0de-0000-4000-8000-000000000001', secret: 's'.repeat(43) };

/**
 * An edge that a transfer is dialled to: what came, and the socket to answer on. Time stands still but for what a test
 * says.
 */
const edge = async () => {
  const clock = handClock();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const frames: Frame[] = [];
  let bytes = 0;
  let changed = (): void => undefined;
  const dialled = once(server, 'connection').then(([socket, request]) => {
    (socket as WebSocket).on('message', (data, isBinary) => {
      if (isBinary) bytes += (data as Buffer).length;
      else if (data.toString() === 'ping') (socket as WebSocket).send('pong');
      else frames.push(JSON.parse(data.toString()));
      changed();
    });
    return { socket: socket as WebSocket, request };
  });
  return {
    dial: {
      hostFile: { id: newHostId(), url: `http://127.0.0.1:${port}/`, credential: 'c' },
      clock,
    },
    clock,
    dialled,
    frames,
    bytes: () => bytes,
    until: async (isSo: () => boolean) => {
      while (!isSo()) await new Promise<void>((resolve) => (changed = resolve));
    },
    send: async (frame: Frame) => (await dialled).socket.send(JSON.stringify(frame)),
  };
};

const drain = async (body: AsyncIterable<Uint8Array>): Promise<number> => {
  let size = 0;
  for await (const chunk of body) size += chunk.length;
  return size;
};

test('a transfer is dialled with the credential and its secret, granted a window, and answered', async () => {
  const { dial, dialled, frames, send } = await edge();
  const done = receiveBytes(dial, measuring, ticket, async (body) => ({ size: await drain(body) }));
  const { socket, request } = await dialled;
  socket.send(Buffer.alloc(1000));
  await send({ type: 'end' });
  socket.once('message', () => undefined);
  await expect.poll(() => frames.at(-1)).toEqual({ type: 'done', value: { size: 1000 } });
  socket.close();
  await done;

  expect(request.url).toBe(`/api/host/relay/${ticket.id}`);
  expect(request.headers).toMatchObject({
    authorization: `Bearer ${dial.hostFile.id}.c`,
    'x-openagent-transfer': ticket.secret,
  });
  expect(frames[0]).toEqual({ type: 'grant', bytes: transferWindowBytes });
});

test('a receiver grants more only when what came was taken', async () => {
  const { dial, dialled, frames } = await edge();
  const gate = Promise.withResolvers<void>();
  const done = receiveBytes(dial, measuring, ticket, async (body) => {
    await gate.promise;
    return drain(body);
  });
  const { socket } = await dialled;
  for (let sent = 0; sent < transferWindowBytes; sent += transferChunkBytes)
    socket.send(Buffer.alloc(transferChunkBytes));
  await new Promise<void>((resolve) => socket.ping(() => resolve()));
  await once(socket, 'pong');
  expect(frames).toEqual([{ type: 'grant', bytes: transferWindowBytes }]);

  gate.resolve();
  await expect.poll(() => frames.length).toBeGreaterThan(3);
  expect(frames.slice(1)).toEqual(frames.slice(1).map(() => ({ type: 'grant', bytes: transferWindowBytes / 4 })));
  const ends = expect(done).rejects.toMatchObject({ code: 'unavailable' });
  socket.terminate();
  await ends;
});

test('more than was granted, a cut, and a failure of the other side end a receiver in its work', async () => {
  const over = await edge();
  const allSent = Promise.withResolvers<void>();
  const overEnds = expect(
    receiveBytes(over.dial, measuring, ticket, async (body) => {
      await allSent.promise;
      return drain(body);
    }),
  ).rejects.toThrow('The edge sent more than it was granted.');
  const { socket } = await over.dialled;
  for (let sent = 0; sent <= transferWindowBytes; sent += transferChunkBytes)
    socket.send(Buffer.alloc(transferChunkBytes));
  socket.ping();
  await once(socket, 'pong');
  allSent.resolve();
  await overEnds;

  const failed = await edge();
  const failedEnds = expect(receiveBytes(failed.dial, measuring, ticket, drain)).rejects.toThrow('the client went');
  await failed.dialled;
  await failed.send({ type: 'failed', code: 'unavailable', message: 'the client went' });
  await failedEnds;
});

test('what a receiver throws is told to the edge, and nothing more than where to look for what nobody expected', async () => {
  for (const [error, message] of [
    [new AppError('bad_request', 'No file in it.'), 'No file in it.'],
    [new Error('/secret/path'), 'The server failed in the middle of the transfer; its log says why.'],
  ] as const) {
    const { dial, dialled, frames } = await edge();
    const ends = expect(receiveBytes(dial, measuring, ticket, () => Promise.reject(error))).rejects.toBe(error);
    await dialled;
    await ends;
    await expect.poll(() => frames.at(-1)).toMatchObject({ type: 'failed', message });
  }
});

/** A file of so many bytes. */
const file = (size: number) => {
  let at = 0;
  return async (max: number) => {
    const chunk = Buffer.alloc(Math.min(max, size - at));
    at += chunk.length;
    return chunk.length > 0 ? chunk : null;
  };
};

test('a sender keeps to its grants and is done when the edge says so', async () => {
  const { dial, dialled, frames, bytes, until, send } = await edge();
  let isDone = false;
  const done = sendBytes(dial, downloadChannel, ticket, file(300_000)).then(() => {
    isDone = true;
  });
  const { socket } = await dialled;
  await send({ type: 'grant', bytes: 100_000 });
  await until(() => bytes() === transferChunkBytes);
  await new Promise<void>((resolve) => socket.ping(() => resolve()));
  await once(socket, 'pong');
  expect(bytes()).toBe(transferChunkBytes);

  await send({ type: 'grant', bytes: 1_000_000 });
  await until(() => frames.some(({ type }) => type === 'end'));
  expect([bytes(), isDone]).toEqual([300_000, false]);
  await send({ type: 'done', value: null });
  await done;
});

test('a sender ends when the edge is silent, is not there, or refuses, and tells the edge when its file fails', async () => {
  const silent = await edge();
  const silentEnds = expect(sendBytes(silent.dial, downloadChannel, ticket, file(10))).rejects.toThrow(
    `nothing was heard for ${linkTimes.silenceMs} ms`,
  );
  const { socket } = await silent.dialled;
  socket.pause();
  silent.clock.advance(linkTimes.silenceMs);
  await silentEnds;

  const nobody = { ...silent.dial, hostFile: { ...silent.dial.hostFile, url: 'http://127.0.0.1:1' } };
  await expect(sendBytes(nobody, downloadChannel, ticket, file(10))).rejects.toMatchObject({ code: 'unavailable' });

  const broken = await edge();
  const brokenEnds = expect(
    sendBytes(broken.dial, downloadChannel, ticket, () =>
      Promise.reject(new AppError('conflict', 'It became shorter.')),
    ),
  ).rejects.toThrow('It became shorter.');
  await broken.dialled;
  await broken.send({ type: 'grant', bytes: 10 });
  await brokenEnds;
  await expect.poll(() => broken.frames.at(-1)).toMatchObject({ type: 'failed', code: 'conflict' });
});
