import { env } from 'cloudflare:workers';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { watch } from '../../worker/monitoring/watch.ts';
import { answeringHost } from './answering-host.ts';
import { edgeEnv, enrol, freshDirectory, request, tokenOf } from './edge.ts';
import { dialHost, hello } from './host-peer.ts';

beforeEach(freshDirectory);

const sample = (n: number) => ({
  cpu_percent: 12.5,
  cpu_cores: [10, 15],
  memory_used: 123,
  memory_total: 456,
  memory_percent: 27,
  network_rx_bytes_per_sec: n,
  network_tx_bytes_per_sec: 0,
  timestamp_ms: 1_790_000_000_000 + n * 1000,
});

/** A server that has measured `taken()` times; it keeps everything. */
const measured = (taken: () => number, collector = 'c1') => ({
  'system.samples': (args: unknown) => {
    const { after } = args as { after: { collector: string; n: number } | null };
    const from = after?.collector === collector ? after.n : 0;
    const samples = Array.from({ length: taken() - from }, (_, index) => sample(from + index + 1));
    return { at: { collector, n: taken() }, samples };
  },
});

/** A page's end of a socket: keeps what came, in order. */
const page = (socket: WebSocket) => {
  const frames: {
    type?: string;
    history?: { network_rx_bytes_per_sec: number }[];
    network_rx_bytes_per_sec?: number;
  }[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const closed = Promise.withResolvers<number>();
  socket.addEventListener('message', ({ data }) => {
    frames.push(JSON.parse(String(data)));
    for (const wait of waiting.filter(({ count }) => frames.length >= count)) wait.resolve();
  });
  socket.addEventListener('close', ({ code }) => closed.resolve(code));
  socket.accept();
  onTestFinished(() => socket.close(1000, 'test'));
  return {
    frames,
    numbers: () => frames.flatMap(({ network_rx_bytes_per_sec: n }) => n ?? []),
    upTo: (count: number) =>
      frames.length >= count
        ? Promise.resolve()
        : new Promise<void>((resolve) => waiting.push({ count, resolve: () => resolve() })),
    closed: closed.promise,
    send: (text: string) => socket.send(text),
    close: () => socket.close(1000, 'enough'),
  };
};

const dial = (protocols: string | undefined, path = '/api/monitoring/ws?interval_ms=1000', bound = edgeEnv()) => {
  const headers = { Upgrade: 'websocket', ...(protocols ? { 'Sec-WebSocket-Protocol': protocols } : {}) };
  return request(path, { headers }, bound);
};

/** A page that watches this server with a tick of a few milliseconds. */
const watchFast = (server: () => Promise<string | null>, tickMs = 5) => {
  const { 0: client, 1: ours } = new WebSocketPair();
  ours.accept();
  watch(ours, { env, server, tickMs });
  return page(client);
};

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('the overview page gets the history first, then bare samples, over a socket that selects openagent', async () => {
  await answeringHost(measured(() => 7));
  const response = await dial(`openagent, jwt.${await tokenOf('default')}`);
  expect([response.status, response.headers.get('Sec-WebSocket-Protocol')]).toEqual([101, 'openagent']);
  if (!response.webSocket) throw new Error('no socket');
  const seen = page(response.webSocket);
  await seen.upTo(2);

  expect(seen.frames).toEqual([{ type: 'history', history: [sample(1), sample(2)] }, sample(3)]);
});

test('who has no token, or a wrong one, is refused before the upgrade; without authentication anybody is let in', async () => {
  await enrol();
  const refused = async (protocols?: string) => {
    const response = await dial(protocols);
    return [response.status, response.webSocket, await response.text()];
  };

  expect(await refused()).toEqual([401, null, 'Missing websocket JWT']);
  expect(await refused('openagent')).toEqual([401, null, 'Missing websocket JWT']);
  expect(await refused('openagent, jwt.')).toEqual([401, null, 'Missing websocket JWT']);
  expect(await refused(`openagent,jwt.${await tokenOf('default', -3600)}`)).toEqual([
    401,
    null,
    'Invalid or expired token',
  ]);
  expect(await refused(`openagent, jwt.${await tokenOf('somebody')}`)).toEqual([401, null, 'Invalid user']);
  const open = edgeEnv({ DEV_MODE: 'true' });
  const plain = await dial(undefined, undefined, open);
  expect([plain.status, plain.headers.get('Sec-WebSocket-Protocol')]).toEqual([101, null]);
  if (plain.webSocket) page(plain.webSocket);
});

test('a token alone is never echoed, and a request that is no handshake is told so', async () => {
  await enrol();
  const token = await tokenOf('default');
  const alone = await dial(`jwt.${token}`);
  const plain = await request('/api/monitoring/ws', { headers: { Authorization: `Bearer ${token}` } });

  expect([alone.status, alone.headers.get('Sec-WebSocket-Protocol')]).toEqual([101, null]);
  if (alone.webSocket) page(alone.webSocket);
  expect([plain.status, await plain.text()]).toEqual([400, expect.stringContaining('WebSocket')]);
});

test('a server that is asked for and not there is 404', async () => {
  await enrol();
  const response = await dial(`openagent, jwt.${await tokenOf('default')}`, '/api/monitoring/ws?host=nobody');

  expect([response.status, await response.text()]).toEqual([404, 'Server nobody not found']);
});

test('samples come once and in order, several by one call to the server', async () => {
  let taken = 0;
  const timer = setInterval(() => {
    taken += 1;
  }, 10);
  onTestFinished(() => clearInterval(timer));
  const { id, asked } = await answeringHost(measured(() => taken));
  const seen = watchFast(async () => id, 10);
  await seen.upTo(40);
  const calls = asked.length;
  seen.close();

  const history = seen.frames[0]?.history?.map((each) => each.network_rx_bytes_per_sec) ?? [];
  const shown = [...history, ...seen.numbers()];
  expect(shown).toEqual(Array.from({ length: shown.length }, (_, index) => index + 1));
  expect(calls).toBeLessThan(20);
});

test('while the server is away nothing is shown and the socket stays; then what it measured follows', async () => {
  let taken = 6;
  const { id, peer } = await answeringHost(measured(() => taken));
  const seen = watchFast(async () => id);
  await seen.upTo(6);
  peer.close();
  await peer.closed;
  taken = 30;
  await later(100);
  expect(seen.frames).toHaveLength(6);

  const again = await dialHost(id);
  again.send(hello('r2'));
  const { id: call, args } = await again.next('call');
  again.send({ type: 'result', id: call, ok: true, value: measured(() => taken)['system.samples'](args) });
  await seen.upTo(30);

  expect(seen.numbers()).toEqual(Array.from({ length: 29 }, (_, index) => index + 2));
});

test('before any server is enrolled the socket waits for one', async () => {
  let host: string | null = null;
  const seen = watchFast(async () => host);
  await later(60);
  expect(seen.frames).toEqual([]);
  host = (await answeringHost(measured(() => 6))).id;
  await seen.upTo(2);

  expect(seen.frames[0]).toEqual({ type: 'history', history: [sample(1)] });
});

test('what fails here rather than at the server ends the socket, so that the page dials again', async () => {
  const seen = watchFast(() => Promise.reject(new Error('no directory')));

  expect(await seen.closed).toBe(1000);
});

test('a server that answers no such question is asked on, since it may be updated', async () => {
  const { id, asked } = await answeringHost({});
  const seen = watchFast(async () => id);
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(2));

  expect(seen.frames).toEqual([]);
});

test('a paused page is shown nothing and costs no call; resumed, it goes on where it was', async () => {
  let taken = 1;
  const { id, asked } = await answeringHost(measured(() => taken));
  const seen = watchFast(async () => id);
  await seen.upTo(1);
  seen.send('{"t":"pause"}');
  seen.send('not JSON');
  seen.send('{"t":"dance"}');
  await later(60);
  const calls = asked.length;
  taken = 4;
  await later(100);
  expect([seen.frames.length, asked.length]).toEqual([1, calls]);
  seen.send('{"t":"resume"}');
  await seen.upTo(4);

  expect(seen.numbers()).toEqual([1, 2, 3, 4]);
});

test('a page that leaves is asked for no more', async () => {
  const { id, asked } = await answeringHost(measured(() => 1));
  const seen = watchFast(async () => id);
  await seen.upTo(1);
  seen.close();
  await later(60);
  const calls = asked.length;
  await later(150);

  expect(asked.length).toBe(calls);
});
