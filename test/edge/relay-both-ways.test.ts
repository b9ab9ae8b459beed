// Connections through the relay: two sockets whose bytes go to each other, no faster than either reads.
import { env } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { connectionChannel } from '../../shared/channels/connections.ts';
import { transferWindowBytes } from '../../shared/limits.ts';
import { openChannel } from '../../worker/relay/open.ts';
import { type EnrolledHost, enrol, freshDirectory, principalWith } from './edge.ts';
import { joinTransfer, type TransferPeer, transferPeer } from './transfer-peer.ts';

const chunkBytes = 64 * 1024;
let host: EnrolledHost;

beforeEach(async () => {
  await freshDirectory();
  host = await enrol();
});

const coupled = async (): Promise<{ server: TransferPeer; client: TransferPeer }> => {
  const opened = await openChannel(env, host.id, connectionChannel, principalWith(['read', 'run']));
  const answer = opened.couple('', { headers: { Upgrade: 'websocket' } });
  const server = await joinTransfer(host, opened.ticket);
  const { webSocket } = await answer;
  if (!webSocket) throw new Error('the client got no socket');
  return { server, client: transferPeer(webSocket) };
};

test('bytes go both ways, each end is told the other’s end, and both sockets close when both have ended', async () => {
  const { server, client } = await coupled();
  for (const peer of [server, client]) expect((await peer.next('grant')).bytes).toBe(transferWindowBytes);
  client.sendBytes(new TextEncoder().encode('GET /'));
  await server.arrived(5);
  server.sendBytes(new TextEncoder().encode('a page'));
  server.send({ type: 'end' });
  await client.next('end');
  client.send({ type: 'end' });

  expect([(await client.closed).code, (await server.closed).code]).toEqual([1000, 1000]);
  expect([client.text(), server.text()]).toEqual(['a page', 'GET /']);
});

test('a sender is granted more only once its receiver has echoed a mark that it could not guess', async () => {
  const { server, client } = await coupled();
  await server.next('grant');
  for (let sent = 0; sent < transferWindowBytes; sent += chunkBytes) server.sendBytes(new Uint8Array(chunkBytes));
  await client.arrived(transferWindowBytes);
  const mark = await client.next('mark');
  client.send(mark);
  expect((await server.next('grant')).bytes).toBe(transferWindowBytes / 4);

  client.send({ type: 'mark', id: crypto.randomUUID() });
  expect((await server.next('failed')).message).toContain('out of turn');
  await client.closed;
});

test('who sends more than was granted is cut off, and so is the other end', async () => {
  const { server, client } = await coupled();
  for (let sent = 0; sent <= transferWindowBytes; sent += chunkBytes) client.sendBytes(new Uint8Array(chunkBytes));

  expect((await client.next('failed')).message).toContain('granted');
  expect((await server.next('failed')).message).toContain('granted');
});

test('a client that goes ends the server’s end, and a server that refuses is heard in its own words', async () => {
  const gone = await coupled();
  gone.client.close();
  await gone.server.next('failed');

  const refused = await coupled();
  refused.server.send({ type: 'failed', code: 'bad_gateway', message: 'It broke the connection off.' });
  expect(await refused.client.next('failed')).toMatchObject({ message: 'It broke the connection off.' });
});
