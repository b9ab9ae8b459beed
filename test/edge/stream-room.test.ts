// How many streams there may be: of a user, and of an isolate. Nobody's old client is refused (contract §4.5).
import { beforeEach, expect, test, vi } from 'vitest';
import { exceededText } from '../../shared/quotas.ts';
import { againMs } from '../../worker/stream/admission.ts';
import { handClock } from '../support/hand-clock.ts';
import { asUser, enrol, freshDirectory, onHandClock } from './edge.ts';
import { accepted, headerOf, playedEdge } from './played-edge.ts';
import { create, is, says, send, watch } from './viewer.ts';

beforeEach(freshDirectory);

const [ada, bob] = [asUser('ada'), asUser('bob')];

test('above what a user may have a stream for old clients is held, says why, and begins when there is room', async () => {
  await enrol();
  const mission = await create(ada);
  const { clock, user } = onHandClock('ada');
  const most = 3;
  await asUser('default')('/api/quotas', { method: 'PUT', json: { streams: most } });
  const streams = await Promise.all(Array.from({ length: most }, () => watch(ada)));
  const [held, refused] = [await watch(user), await ada('/api/control/stream?format=delta')];
  const error = await held.until(is('error'));
  await send(ada, { content: 'not there yet', mission_id: mission });
  await streams[0]?.until(says('not there yet'));

  expect(held.response.status).toBe(200);
  expect(held.blocks[0]).toMatchObject({ name: 'status' });
  expect(error.data.message).toBe(exceededText('streams', most));
  expect(String(error.data.message)).not.toMatch(/stream connection failed|stream ended|event stream|sse connection/i);
  expect([refused.status, await refused.text()]).toEqual([429, String(error.data.message)]);
  expect(held.named('user_message')).toEqual([]);
  expect((await watch(bob)).named('error')).toEqual([]);

  await streams[1]?.leave();
  await clock.awaited(againMs);
  await vi.waitFor(async () => {
    clock.advance(againMs);
    await send(ada, { content: 'now', mission_id: mission });
    expect(held.named('user_message').length).toBeGreaterThan(0);
  });
  expect(held.named('error')).toHaveLength(1);
});

test('above what an isolate has room for a stream is held until one leaves, and beyond that it ends after saying why', async () => {
  const clock = handClock();
  const object = () => accepted(`${headerOf()}\nevent: row\ndata: {}\n\n`).response;
  const played = playedEdge(clock, { one: object });
  played.tell([{ live: true }]);
  const [first, second] = [played.open(), played.open()];
  const [third, fourth] = [played.open(), played.open()];
  await Promise.all([first.until(is('row')), second.until(is('row')), third.until(is('error'))]);
  await fourth.ended;

  expect(fourth.blocks.map(({ name }) => name)).toEqual(['status', null, 'error']);
  expect(third.named('row')).toEqual([]);
  await first.leave();
  clock.advance(againMs);
  await third.until(is('row'));
  const fifth = played.open();
  await fifth.until(is('error'));
  for (const stream of [second, third, fifth]) await stream.leave();
});
