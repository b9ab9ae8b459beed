import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openCodeCalls } from '../../shared/calls/opencode.ts';
import { adminScopes } from '../../shared/scopes.ts';
import { callHost } from '../../worker/hosts/call.ts';
import { watch } from '../../worker/hosts/monitoring.ts';
import { handClock } from '../support/hand-clock.ts';
import { answeringHost, replyToCalls } from './answering-host.ts';
import { edgeEnv, enrol, freshDirectory, principalWith, request, tokenOf } from './edge.ts';
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

const second = 1_000;
const principal = principalWith(adminScopes);

/** A page that watches this server, on a clock that the test moves. */
const watchBy = (server: () => Promise<string | null>) => {
  const clock = handClock();
  const env = edgeEnv({ clock });
  const { 0: client, 1: ours } = new WebSocketPair();
  ours.accept();
  watch(ours, { env, principal, server });
  const waiting: { count: number; resolve: () => void }[] = [];
  let heard = 0;
  const left = Promise.withResolvers<void>();
  // Later than the listeners of what is tried: it has had a message, or the end, when these are told.
  ours.addEventListener('message', () => {
    heard += 1;
    for (const { count, resolve } of waiting) if (heard >= count) resolve();
  });
  ours.addEventListener('close', () => left.resolve());
  return {
    ...page(client),
    clock,
    /** Resolves when the edge has had so many messages of this page. */
    heard: (count: number) => new Promise<void>((resolve) => waiting.push({ count, resolve })),
    left: left.promise,
    /**
     * Lets seconds pass, each long enough for a question to the server and its answer, or for the news that it is away.
     */
    seconds: async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        clock.advance(second);
        const id = await server();
        // Another call is a fence behind all that were made before it.
        if (id !== null) await callHost(env, principal, id, openCodeCalls.state, {}).catch(() => undefined);
      }
    },
  };
};

/** How often the server was asked for its figures. */
const questions = (asked: { method: string }[]): number =>
  asked.filter(({ method }) => method === 'system.samples').length;

test('the overview page gets the history first, then bare samples, over a socket that selects openagent', async () => {
  await answeringHost(measured(() => 7));
  const clock = handClock();
  const response = await dial(`openagent, jwt.${await tokenOf('default')}`, undefined, edgeEnv({ clock }));
  expect([response.status, response.headers.get('Sec-WebSocket-Protocol')]).toEqual([101, 'openagent']);
  if (!response.webSocket) throw new Error('no socket');
  const seen = page(response.webSocket);
  await seen.upTo(1);
  clock.advance(second);
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
  expect(await refused(`openagent,jwt.${await tokenOf('default', { expiresInS: -3600 })}`)).toEqual([
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
  const { id, asked } = await answeringHost(measured(() => taken));
  const seen = watchBy(async () => id);
  seen.clock.every(second, () => {
    taken += 1;
  });
  await seen.seconds(60);
  await seen.upTo(40);

  const history = seen.frames[0]?.history?.map((each) => each.network_rx_bytes_per_sec) ?? [];
  const shown = [...history, ...seen.numbers()];
  expect(shown).toEqual(Array.from({ length: shown.length }, (_, index) => index + 1));
  expect(questions(asked)).toBeLessThanOrEqual(13);
});

test('while the server is away nothing is shown and the socket stays; then what it measured follows', async () => {
  let taken = 6;
  const { id, peer } = await answeringHost(measured(() => taken));
  const seen = watchBy(async () => id);
  await seen.upTo(1);
  await seen.seconds(4);
  peer.close();
  await peer.closed;
  taken = 30;
  await seen.seconds(20);
  await seen.upTo(6);
  expect(seen.numbers()).toEqual([2, 3, 4, 5, 6]);

  const again = await dialHost(id);
  again.send(hello('r2'));
  await again.next('welcome');
  replyToCalls(
    again,
    measured(() => taken),
  );
  await seen.seconds(20);
  await seen.upTo(30);

  expect(seen.numbers()).toEqual(Array.from({ length: 29 }, (_, index) => index + 2));
});

test('before any server is enrolled the socket waits for one', async () => {
  let host: string | null = null;
  const seen = watchBy(async () => host);
  await seen.seconds(20);
  expect(seen.frames).toEqual([]);
  host = (await answeringHost(measured(() => 6))).id;
  await seen.seconds(6);
  await seen.upTo(2);

  expect(seen.frames[0]).toEqual({ type: 'history', history: [sample(1)] });
});

test('what fails here rather than at the server ends the socket, so that the page dials again', async () => {
  const { 0: client, 1: ours } = new WebSocketPair();
  ours.accept();
  watch(ours, { env: edgeEnv(), principal, server: () => Promise.reject(new Error('no directory')) });

  expect(await page(client).closed).toBe(1000);
});

test('a server that answers no such question is asked on, since it may be updated', async () => {
  const { id, asked } = await answeringHost({});
  const seen = watchBy(async () => id);
  await seen.seconds(11);

  expect(questions(asked)).toBe(3);
  expect(seen.frames).toEqual([]);
});

test('a paused page is shown nothing and costs no call; resumed, it goes on where it was', async () => {
  let taken = 1;
  const { id, asked } = await answeringHost(measured(() => taken));
  const seen = watchBy(async () => id);
  await seen.seconds(2);
  await seen.upTo(1);
  seen.send('{"t":"pause"}');
  seen.send('not JSON');
  seen.send('{"t":"dance"}');
  await seen.heard(3);
  taken = 4;
  await seen.seconds(20);
  expect([seen.frames.length, questions(asked)]).toEqual([1, 1]);
  seen.send('{"t":"resume"}');
  await seen.heard(4);
  await seen.seconds(10);
  await seen.upTo(4);

  expect(seen.numbers()).toEqual([1, 2, 3, 4]);
});

test('a page that leaves is asked for no more', async () => {
  const { id, asked } = await answeringHost(measured(() => 1));
  const seen = watchBy(async () => id);
  await seen.seconds(2);
  await seen.upTo(1);
  seen.close();
  await seen.left;
  await seen.seconds(20);

  expect(questions(asked)).toBe(1);
  expect(seen.clock.waits()).toEqual([]);
});

test('a socket is ended after an hour, and the page dials again', async () => {
  const seen = watchBy(async () => null);
  seen.clock.advance(61 * 60 * second);

  expect(await seen.closed).toBe(1000);
  expect(seen.clock.waits()).toEqual([]);
});
