import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import { asUser, directoryTables, edgeEnv, enrol, freshDirectory, request, tokenOf } from './edge.ts';

beforeEach(freshDirectory);

const user = asUser('default');
const message = (init: RequestInit) => user('/api/control/message', { method: 'POST', ...init });
const json = { 'Content-Type': 'application/json' };

test.for([
  ['a body that is not announced as JSON', { body: '{"content":"x"}' }, 415],
  ['a body that is not JSON', { body: '{"content":', headers: json }, 400],
  ['a body that is not UTF-8', { body: new Uint8Array([0x22, 0xff, 0x22]), headers: json }, 400],
  ['a missing field', { body: '{}', headers: json }, 422],
  ['a field of another type', { body: '{"content":1}', headers: json }, 422],
  ['a target that is no UUID', { body: '{"content":"x","mission_id":"7"}', headers: json }, 422],
  ['an empty message', { body: '{"content":"  "}', headers: json }, 400],
  ['a body over 2 MB', { body: `"${'x'.repeat(2 * 1024 * 1024)}"`, headers: json }, 413],
  ['a message over the limit', { body: JSON.stringify({ content: 'x'.repeat(200_000) }), headers: json }, 413],
] as const)('%s is refused in plain text', async ([, init, status]) => {
  const response = await message(init);

  expect(response.status).toBe(status);
  expect(response.headers.get('Content-Type')?.toLowerCase()).toBe('text/plain; charset=utf-8');
  expect((await response.text()).length).toBeGreaterThan(5);
});

test('a body over 2 MB that hides its length is refused too', async () => {
  const chunk = new Uint8Array(512 * 1024).fill(0x20);
  let sent = 0;
  const body = new ReadableStream({
    pull: (controller) => {
      sent += 1;
      if (sent > 20) controller.close();
      else controller.enqueue(chunk);
    },
  });

  expect((await message({ body, headers: json })).status).toBe(413);
});

test('an empty message is refused in the words of the contract', async () => {
  const response = await message({ body: '{"content":"\\n"}', headers: json });

  expect([response.status, await response.text()]).toEqual([400, 'content is required']);
});

test('where a body is optional, an empty one, none and one that is no JSON are all no body', async () => {
  await enrol();
  const bodies: RequestInit[] = [
    { headers: json },
    {},
    { body: '{"title":', headers: json },
    { body: 'null', headers: json },
  ];
  const answers = await Promise.all(bodies.map((init) => user('/api/control/missions', { method: 'POST', ...init })));

  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
  expect((await user('/api/control/missions', { method: 'POST', json: { title: 7 } })).status).toBe(422);
});

test('a known path with another method is 405 and names the methods there are', async () => {
  const response = await user('/api/control/queue', { method: 'PUT' });
  const health = await request('/api/health', { method: 'POST' });
  // `DELETE /api/hosts/:id` is of this path, too, and wants an admin; the other methods are nobody's.
  const enrolment = await request('/api/hosts/enrol');

  expect([response.status, response.headers.get('Allow')]).toEqual([405, 'DELETE, GET, HEAD']);
  expect(health.status).toBe(405);
  expect([enrolment.status, enrolment.headers.get('Allow')]).toEqual([405, 'DELETE, POST']);
});

test('an id in the path that is no UUID is 400, and an upper-case one is understood', async () => {
  const bad = await user('/api/control/missions/42');
  const upper = await user('/api/control/missions/0000AAAA-0000-4000-8000-000000000000');

  expect([bad.status, await bad.text()]).toEqual([400, expect.stringMatching(/^Invalid URL/)]);
  expect([upper.status, await upper.text()]).toEqual([404, 'Mission 0000aaaa-0000-4000-8000-000000000000 not found']);
});

test('doubled slashes of a base URL that ends in one are collapsed', async () => {
  expect((await request('//api//health')).status).toBe(200);
});

test('a preflight is answered without a token, also on unknown paths, and echoes the headers asked for', async () => {
  const wanted = 'authorization, x-openagent-library-remote';
  const headers = { Origin: 'https://app.example', 'Access-Control-Request-Headers': wanted };
  const response = await request('/api/unknown', { method: 'OPTIONS', headers });

  expect(response.ok).toBe(true);
  expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
  expect(response.headers.get('Access-Control-Allow-Headers')).toBe(wanted);
  expect(response.headers.get('Access-Control-Allow-Methods')).toContain('DELETE');
  expect(Number(response.headers.get('Access-Control-Max-Age'))).toBeGreaterThan(600);
  expect(response.headers.get('Access-Control-Allow-Credentials')).toBeNull();
});

test('errors carry CORS headers too, or a page could not show them', async () => {
  const response = await request('/api/control/missions');

  expect([response.status, response.headers.get('Access-Control-Allow-Origin')]).toEqual([401, '*']);
});

test('an unexpected failure tells a reference and nothing else', async () => {
  const broken = edgeEnv();
  Object.defineProperty(broken, 'DB', {
    get: () => {
      throw new Error('secret detail');
    },
  });
  const headers = { Authorization: `Bearer ${await tokenOf('default')}` };
  const response = await request('/api/control/missions', { headers }, broken);

  expect([response.status, await response.text()]).toEqual([
    500,
    expect.stringMatching(/^Internal error \(ref [0-9a-f]{8}\)$/),
  ]);
});

test('a database without tables says how to make them', async () => {
  await env.DB.prepare('DROP TABLE missions').run();
  const response = await user('/api/control/missions');
  await env.DB.prepare('DELETE FROM d1_migrations').run();
  for (const table of await directoryTables()) {
    await env.DB.prepare(`DROP TABLE ${table}`).run();
  }

  expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('migrations apply')]);
});
