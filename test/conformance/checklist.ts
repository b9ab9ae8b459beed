// Contract §16, row by row; `checklist-end.ts` has the rest, and which rows are told elsewhere or not yet.

import { expect } from 'vitest';
import * as z from 'zod';
import { apiFetch } from '../support/declared-answer.ts';
import { iosMission, iosRunning } from './clients/models.ts';
import { health } from './contract/general.ts';
import { mission, namedMission } from './contract/mission.ts';
import { beginListening } from './listening.ts';
import { turnOver } from './routes/fixtures.ts';
import { row } from './rows.ts';
import { gateName, me, model, password, stack } from './stage.ts';

const control = '/api/control';
const missionOf = async (title: string): Promise<string> =>
  (await me().call('POST', `${control}/missions`, { title })).json.id;

row(1, 'health is public and says how to log in', async () => {
  await beginListening();
  const answer = await stack().anyone.call('GET', '/api/health');

  expect(health.parse(answer.json)).toMatchObject({ auth_required: true, auth_mode: 'single_tenant' });
});

row(2, 'a wrong password is a 401 text, a right one a token and its end in seconds', async () => {
  const wrong = await stack().anyone.call('POST', '/api/auth/login', { password: 'wrong' });
  const right = await stack().anyone.call('POST', '/api/auth/login', { password });

  expect([wrong.status, wrong.text]).toEqual([401, 'Invalid password']);
  expect(right.json.exp - Date.now() / 1000).toBeGreaterThan(29 * 24 * 3600);
  expect(right.json.exp - Date.now() / 1000).toBeLessThan(31 * 24 * 3600);
});

row(3, 'without a token every path of the router is refused, and every preflight is answered', async () => {
  // Each case of routes.ts asks both of its own path; here an unknown path, with the header that every web call may
  // have.
  const headers = { 'access-control-request-headers': 'x-openagent-library-remote', origin: 'https://app.example' };
  const preflight = await apiFetch(`${stack().url()}/api/unknown`, { method: 'OPTIONS', headers });

  expect([preflight.ok, preflight.headers.get('access-control-allow-headers')]).toEqual([
    true,
    'x-openagent-library-remote',
  ]);
  expect((await stack().anyone.call('GET', '/api/unknown')).status).toBe(401);
});

row(5, "a message's id is the id in the stream, and its content what was typed", async () => {
  const stream = await me().stream();
  const id = await missionOf('Row 5');
  const sent = (await me().call('POST', `${control}/message`, { content: ' \tSAY “five” \n', mission_id: id })).json;
  const shown = await stream.until(({ name, data }) => name === 'user_message' && data.mission_id === id);
  await turnOver(stream, id);
  stream.close();

  expect(shown.data).toMatchObject({ id: sent.id, content: 'SAY “five”', queued: false });
});

row(6, 'a message while busy is queued, and starts later under the same id', async () => {
  const gate = gateName();
  const stream = await me().stream();
  const { mission: id } = await me().say(`SAY a\nWAIT ${gate}`, await missionOf('Row 6'));
  await model().reached(gate);
  const second = await me().say('SAY b', id);
  expect(second.queued).toBe(true);
  await stream.until(({ name, data }) => name === 'user_message' && data.id === second.message && data.queued === true);
  model().release(gate);
  await stream.until(
    ({ name, data }) => name === 'user_message' && data.id === second.message && data.queued === false,
  );
  await stream.until(({ name, data }) => name === 'assistant_message' && data.content === 'b');
  stream.close();
});

row(7, 'what is removed from the queue is told by its new length, never runs, and is in no history', async () => {
  const gate = gateName();
  const stream = await me().stream();
  const { mission: id } = await me().say(`SAY a\nWAIT ${gate}`, await missionOf('Row 7'));
  await model().reached(gate);
  const [one, two] = [await me().say('SAY row seven one', id), await me().say('SAY row seven two', id)];
  const length =
    (queue_len: number) =>
    ({ name, data }: { name: string; data: Record<string, unknown> }) =>
      name === 'status' && data.mission_id === id && data.queue_len === queue_len;
  await stream.until(length(2));
  const before = stream.events.length;
  expect((await me().call('DELETE', `${control}/queue/${one.message}`)).json).toEqual({ ok: true });
  await stream.until((event) => stream.events.indexOf(event) >= before && length(1)(event));
  expect((await me().call('DELETE', `${control}/queue`)).json).toEqual({ ok: true, cleared: 1 });
  await stream.until((event) => stream.events.indexOf(event) > before && length(0)(event));
  model().release(gate);
  await turnOver(stream, id);
  stream.close();

  const { history } = mission.parse((await me().call('POST', `${control}/missions/${id}/load`)).json);
  expect(history.map(({ content }) => content.split('\n')[0])).toEqual(['SAY a', 'a']);
  expect(JSON.stringify(model().requests)).not.toContain('row seven');
  expect(two.queued).toBe(true);
});

row(8, 'a cancel is answered at once, then the turn ends as not successful and nothing runs', async () => {
  const gate = gateName();
  const stream = await me().stream();
  const { mission: id } = await me().say(`SAY a\nWAIT ${gate}`, await missionOf('Row 8'));
  await model().reached(gate);
  expect((await me().call('POST', `${control}/missions/${id}/cancel`, {})).json).toEqual({ ok: true, cancelled: id });
  const end = await stream.until(({ name, data }) => name === 'assistant_message' && data.mission_id === id);
  stream.close();
  model().release(gate);

  expect(end.data).toMatchObject({ success: false, content: 'Task cancelled', resumable: true });
  expect((await me().call('GET', `${control}/running`)).json).toEqual([]);
});

row(9, 'load during a run answers with the history, the running message included', async () => {
  const gate = gateName();
  const stream = await me().stream();
  const { mission: id } = await me().say(`SAY a\nWAIT ${gate}`, await missionOf('Row 9'));
  await model().reached(gate);
  const loaded = mission.parse((await me().call('POST', `${control}/missions/${id}/load`)).json);
  model().release(gate);
  await turnOver(stream, id);
  stream.close();

  expect(loaded.history).toEqual([{ role: 'user', content: `SAY a\nWAIT ${gate}` }]);
});

row(11, 'no current mission is null with 200, and a history is always there', async () => {
  await me().call('DELETE', `${control}/missions/${await missionOf('Row 11')}`);
  const none = await me().call('GET', `${control}/missions/current`);

  expect([none.status, none.text]).toEqual([200, 'null']);
  expect(z.array(namedMission).safeParse((await me().call('GET', `${control}/missions`)).json).error).toBeUndefined();
});

row(12, 'creating a mission takes a JSON content type without a body', async () => {
  const made = await me().call('POST', `${control}/missions`, undefined, { 'content-type': 'application/json' });

  expect(mission.parse(made.json)).toMatchObject({ status: 'active', title: null });
});

row(22, 'all that iOS decodes, it decodes: statuses, whole numbers, flags, times', async () => {
  const id = await missionOf('Row 22');
  for (const status of ['completed', 'failed', 'interrupted', 'blocked', 'not_feasible', 'active']) {
    expect((await me().call('POST', `${control}/missions/${id}/status`, { status })).json).toEqual({ ok: true });
    const shown = iosMission.parse((await me().call('GET', `${control}/missions/${id}`)).json);
    const isResumable = status === 'interrupted' || status === 'blocked';
    expect([shown.status, shown.resumable, typeof shown.interrupted_at]).toEqual([
      status,
      isResumable,
      isResumable ? 'string' : 'undefined',
    ]);
  }
  expect(iosRunning.parse((await me().call('GET', `${control}/running`)).json)).toEqual([]);
});
