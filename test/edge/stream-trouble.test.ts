// What else a stream shows while one of its servers, or the account of its user, fails.
import { expect, test, vi } from 'vitest';
import { heartbeatMs } from '../../shared/limits.ts';
import { redialMinMs } from '../../worker/lasting-socket.ts';
import { handClock } from '../support/hand-clock.ts';
import { accepted, headerOf, type PlayedObject, playedEdge } from './played-edge.ts';
import type { Block, StreamReader } from './stream-reader.ts';
import { is } from './viewer.ts';

const event = (name: string, id?: string): string => `${id ? `id: ${id}\n` : ''}event: ${name}\ndata: {}\n\n`;
const frame = (cursor: string, text: string): string => `${headerOf({ cursor })}\n${text}`;

/** An object that lets every viewer in, and says in a word whose it is. */
const good =
  (name: string): PlayedObject =>
  () =>
    accepted(frame(`${name}.s.1`, event(`of-${name}`, `${name}.s.1`))).response;
const broken: PlayedObject = () => {
  throw new Error('this object can not start');
};

const comments = (stream: StreamReader) => stream.blocks.filter(({ text }) => text.startsWith(':'));
const names = ({ data }: Block) => (Array.isArray(data.hosts) ? data.hosts : null);

test.each(['default', 'delta'] as const)(
  'one server that can not start is named on a %s stream and tried again; the others go on',
  async (rendering) => {
    const clock = handClock();
    const objects = { bad: broken, good: good('good') };
    const played = playedEdge(clock, objects);
    played.tell([
      { host: 'bad', live: true },
      { host: 'good', live: true },
    ]);
    const stream = played.open({ rendering });
    await stream.until(is('of-good'));
    await clock.awaited(redialMinMs);
    clock.advance(redialMinMs);
    const isNamed = (block: Block) =>
      rendering === 'delta' ? names(block)?.includes('bad') === true : block.text === ': not shown: bad';
    await stream.until(isNamed);

    objects.bad = good('bad');
    await vi.waitFor(() => {
      clock.advance(2 * redialMinMs);
      expect(stream.named('of-bad')).toHaveLength(1);
    });
    await stream.until((block) =>
      rendering === 'delta' ? names(block)?.length === 0 : block.text === ': all servers are shown',
    );
    expect(stream.named('of-good')).toHaveLength(1);
    expect([...stream.named('error'), ...stream.named('reset')]).toEqual([]);
    await stream.leave();
  },
);

test('a server that fails while it is visited keeps no other from being visited, and is visited later', async () => {
  const clock = handClock();
  const objects: Record<string, PlayedObject> = { bad: broken };
  const seats = ['1', '2', '3', '4'];
  for (const name of [...seats, '5', '6']) objects[name] = good(name);
  const played = playedEdge(clock, objects);
  played.tell([...seats.map((host) => ({ host, live: true })), { host: 'bad' }, { host: '5' }, { host: '6' }]);
  const stream = played.open({ rendering: 'delta' });
  await stream.until(is('of-6'));
  await stream.until((block) => names(block)?.includes('bad') === true);

  objects.bad = good('bad');
  clock.advance(heartbeatMs);
  await stream.until(is('of-bad'));
  await stream.until((block) => names(block)?.length === 0);
  await stream.leave();
});

/** Two servers, the sockets to their objects, and an account that can be away. */
const two = async (rendering: 'default' | 'delta' = 'delta') => {
  const clock = handClock();
  const dials: { host: string; cursor: string | null; object: WebSocket }[] = [];
  const object =
    (host: string): PlayedObject =>
    (query) => {
      const cursor = query.get('cursor');
      const { response, object } = accepted(frame(cursor ?? `${host}.s.1`, event('begun', cursor ?? `${host}.s.1`)));
      dials.push({ host, cursor, object });
      return response;
    };
  const played = playedEdge(clock, { a: object('a'), b: object('b') });
  played.tell([
    { host: 'a', live: true },
    { host: 'b', live: true },
  ]);
  const stream = played.open({ rendering });
  await vi.waitFor(() => expect(stream.named('begun')).toHaveLength(2));
  const say = (host: string, cursor: string, name: string) =>
    dials.findLast((dial) => dial.host === host)?.object.send(`\n${event(name, cursor)}`);
  return { clock, played, stream, dials, say };
};

test('while the account is away nothing is shown whose id it could not resolve, and then all of it, once', async () => {
  const { clock, played, stream, say } = await two();
  played.account.isAway = true;
  const before = played.asked();
  say('a', 'a.s.2', 'of-a');
  await stream.until(is('of-a'));
  say('b', 'b.another.2', 'of-b');
  say('a', 'a.s.3', 'after');
  await vi.waitFor(() => expect(played.asked()).toBeGreaterThan(before));
  clock.advance(heartbeatMs);
  await vi.waitFor(() => expect(comments(stream).length).toBeGreaterThan(1));
  expect(stream.named('of-b')).toEqual([]);

  played.account.isAway = false;
  await vi.waitFor(() => {
    clock.advance(heartbeatMs);
    expect(stream.named('after')).toHaveLength(1);
  });
  expect(stream.blocks.flatMap(({ name }) => (name?.startsWith('of-') || name === 'after' ? name : []))).toEqual([
    'of-a',
    'of-b',
    'after',
  ]);
  await stream.leave();
});

test('positions that were kept although their answer was lost are kept again, and every id is of what is kept', async () => {
  const { clock, played, stream, say } = await two();
  const { keep } = played.edge;
  let lost = 0;
  played.edge.keep = async (positions) => {
    const handle = await keep(positions);
    if (lost > 0) return handle;
    lost += 1;
    throw new Error('the account was restarted before it answered');
  };
  say('b', 'b.another.2', 'of-b');
  await vi.waitFor(() => {
    clock.advance(heartbeatMs);
    expect(stream.named('of-b')).toHaveLength(1);
  });

  for (const { id } of stream.blocks) if (id) expect([...played.kept.keys()]).toContain(id.split('~')[0]);
  await stream.leave();
});

test('a server that lets go while its frames wait for their ids is joined behind them: nothing comes twice', async () => {
  const { clock, played, stream, dials, say } = await two();
  played.account.isAway = true;
  say('b', 'b.another.2', 'of-b');
  await vi.waitFor(() => expect(played.asked()).toBeGreaterThan(1));
  dials.find(({ host }) => host === 'b')?.object.close(1012, 'restarted');
  await clock.awaited(redialMinMs);
  await vi.waitFor(() => {
    clock.advance(redialMinMs);
    expect(dials.filter(({ host }) => host === 'b')).toHaveLength(2);
  });

  expect(dials.at(-1)?.cursor).toBe('b.another.2');
  await stream.leave();
});

test('a stream begins while the account is away, and shows what there is when it is back', async () => {
  const { clock, played, stream } = await two();
  const id = stream.cursor();
  await stream.leave();
  played.account.isAway = true;
  const later = played.open({ after: id });
  await vi.waitFor(() => {
    clock.advance(heartbeatMs);
    expect(comments(later).length).toBeGreaterThan(1);
  });
  expect(later.blocks[0]?.name).toBe('status');
  expect([...later.named('begun'), ...later.named('error')]).toEqual([]);

  played.account.isAway = false;
  await vi.waitFor(() => {
    clock.advance(heartbeatMs);
    expect(later.named('begun')).toHaveLength(2);
  });
  await later.leave();
});
