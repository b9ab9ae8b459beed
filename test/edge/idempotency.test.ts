import { beforeEach, expect, test } from 'vitest';
import type { MissionJson } from '../../shared/api.ts';
import { asUser, enrol, freshDirectory, inAccount } from './edge.ts';

beforeEach(freshDirectory);

const ada = asUser('ada');
const bob = asUser('bob');

const post = (as: typeof ada, path: string, key: string, json: object) =>
  as(`/api/control/${path}`, { method: 'POST', json, headers: { 'Idempotency-Key': key } });
const missions = async (as: typeof ada): Promise<MissionJson[]> => (await as('/api/control/missions')).json();
const current = async (as: typeof ada): Promise<MissionJson> => (await as('/api/control/missions/current')).json();

test('a mission created twice at once under one key is one mission', async () => {
  await enrol();
  const answers = await Promise.all([1, 2, 3].map(() => post(ada, 'missions', 'k', { title: 'Once' })));

  const made = await Promise.all(answers.map((answer) => answer.json<MissionJson>()));
  expect(new Set(made.map((mission) => mission.id)).size).toBe(1);
  expect(await missions(ada)).toHaveLength(1);
});

test('a message sent twice at once under one key is one message with one id, in one new mission', async () => {
  await enrol();
  const answers = await Promise.all([1, 2, 3].map(() => post(ada, 'message', 'k', { content: 'hello' })));

  const sent = await Promise.all(answers.map((answer) => answer.json<{ id: string }>()));
  expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
  expect(await missions(ada)).toHaveLength(1);
  expect((await current(ada)).history).toMatchObject([{ role: 'user', content: 'hello' }]);
});

test('a repeated message without a target stays in its mission when the current one has moved', async () => {
  await enrol();
  const first = await (await post(ada, 'missions', 'a', {})).json<MissionJson>();
  const sent = await (await post(ada, 'message', 'm', { content: 'hello' })).json();
  await post(ada, 'missions', 'b', {});
  const again = await (await post(ada, 'message', 'm', { content: 'hello' })).json();

  expect(again).toEqual(sent);
  expect(await current(ada)).toMatchObject({ id: first.id, history: [{ content: 'hello' }] });
});

test('a key used with another body is 422 and changes nothing', async () => {
  await enrol();
  await post(ada, 'message', 'k', { content: 'one' });
  const other = await post(ada, 'message', 'k', { content: 'two' });

  expect([other.status, await other.text()]).toEqual([422, expect.stringContaining('Idempotency-Key')]);
  expect((await current(ada)).history).toHaveLength(1);
});

test('a key belongs to its user and its route', async () => {
  await enrol();
  const answers = [
    await post(ada, 'message', 'k', { content: 'hello' }),
    await post(bob, 'message', 'k', { content: 'other' }),
    await post(ada, 'missions', 'k', { title: 'Other' }),
  ];

  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  expect([(await missions(ada)).length, (await missions(bob)).length]).toEqual([2, 1]);
});

test('a key is forgotten after a week', async () => {
  await enrol();
  await post(ada, 'missions', 'k', { title: 'One' });
  await inAccount('ada', (sql) => sql.exec('UPDATE reserved SET at = at - ?', 7 * 24 * 3600 * 1000 + 1000));

  expect((await post(ada, 'missions', 'k', { title: 'Two' })).status).toBe(200);
  expect(await missions(ada)).toHaveLength(2);
});

test('a blank or endless key is refused, and without one every request is its own', async () => {
  await enrol();
  expect((await post(ada, 'missions', 'k'.repeat(201), {})).status).toBe(400);

  await ada('/api/control/message', { method: 'POST', json: { content: 'same' } });
  await ada('/api/control/message', { method: 'POST', json: { content: 'same' } });
  expect((await current(ada)).history).toHaveLength(2);
});
