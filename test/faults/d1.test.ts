// The directory's database is slow, fails, forgets to say that it has written, or is away; and objects that throw when
// they start. What runs does not notice, and what a person sees is right again soon after.
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { expectAgreed, expectSeen, expectWhole } from './case.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

useOneLaboratory({ edgeTakesOrders: true });

for (const illness of ['hangs', 'fails', 'forgets', { slowMs: 1_000 }] as const) {
  const name = typeof illness === 'string' ? `that ${illness}` : 'that is slow';

  test(`a D1 ${name}: the link and streams begin anew, a known mission goes on, and no row is lost`, async () => {
    const marker = `d1-${randomUUID()}`;
    const { mission } = await me.say(`SAY Begun.\nWAIT ${marker}\nSAY Done.`);
    await lab.model.reached(marker);
    const asked = lab.orders.askedInVain();

    await lab.orders.d1(illness);
    const welcomed = lab.linkProxy.passed((_direction, { json }) => json?.type === 'welcome');
    lab.linkProxy.cut();
    await welcomed;
    const stream = await me.stream('?format=delta');
    await stream.until(({ name: event }) => event === 'snapshot');
    stream.close();
    const second = await me.call('POST', '/api/control/message', {
      content: `SAY ${marker} too.`,
      mission_id: mission,
    });
    expect(second.status, second.text).toBe(200);
    lab.model.release(marker);
    await viewer.ended(mission, 2);
    await lab.orders.d1('well');

    expect(lab.orders.askedInVain()).toBeGreaterThan(asked);
    await expectAgreed(lab, me, mission, 'completed');
    expectSeen(viewer, mission, await expectWhole(lab, me, mission, marker));
  });
}

test('a D1 that forgets to say that it has written: a mission that is asked for again with its key is made once', async () => {
  const key = { 'idempotency-key': randomUUID() };
  const body = { title: 'made once' };
  await lab.orders.d1('forgets');
  const refused = await me.call('POST', '/api/control/missions', body, key);
  await lab.orders.d1('well');
  const made = await me.call('POST', '/api/control/missions', body, key);

  expect(refused.status, refused.text).toBe(503);
  expect(made.status, made.text).toBe(200);
  const listed = JSON.parse((await me.call('GET', '/api/control/missions')).text) as { title: string }[];
  expect(listed.filter(({ title }) => title === body.title)).toHaveLength(1);
});

for (const failing of ['HOST', 'ACCOUNT'] as const)
  test(`an object of ${failing} that throws at its start: a turn goes on meanwhile, streams begin, and nothing is lost`, async () => {
    const marker = `throws-${failing}`;
    const { mission } = await me.say(`SAY Begun.\nWAIT ${marker}\nSAY Done.`);
    await lab.model.reached(marker);

    await lab.orders.throwing([failing], [{ of: failing, name: failing === 'HOST' ? lab.host : 'default' }]);
    const answer = await me.open('GET', '/api/control/stream');
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
    const form = new FormData();
    form.set('file', new Blob(['kept out']), 'kept-out');
    const upload = await me.send('POST', '/api/fs/upload?path=context', form);
    const away = failing === 'HOST' ? /^control session unavailable$/ : /of your account can't be reached/;
    expect([upload.status, upload.text], 'an upload that nobody can take').toEqual([503, expect.stringMatching(away)]);
    lab.model.release(marker);
    await lab.orders.throwing([]);

    await viewer.ended(mission);
    await expectAgreed(lab, me, mission, 'completed');
    expectSeen(viewer, mission, await expectWhole(lab, me, mission, marker));
  });
