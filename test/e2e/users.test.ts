import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { answered, type Stack, startStack } from '../support/stack.ts';

let stack: Stack | undefined;
afterEach(async () => {
  await stack?.close();
  stack = undefined;
});

test('a second user sees nothing of the first', async () => {
  const users = [
    { username: 'ada', password: 'password of ada' },
    { username: 'bob', password: 'password of bob' },
  ];
  stack = await startStack({ OPEN_AGENT_USERS: JSON.stringify(users) });
  const ada = await stack.person({ username: 'ada', password: 'password of ada' });
  const bob = await stack.person({ username: 'bob', password: 'password of bob' });
  const [adasStream, bobsStream, bobsDeltas] = [
    await ada.stream(),
    await bob.stream(),
    await bob.stream('?format=delta'),
  ];
  const { mission } = await ada.say('TOOL write {"filePath":"secret.txt","content":"s"}\nSAY For ada only.\nWAIT seen');
  await stack.model.reached('seen');

  expect((await bob.api.GET('/api/control/missions')).data).toEqual([]);
  expect((await bob.api.GET('/api/control/running')).data).toEqual([]);
  expect((await bob.api.GET('/api/control/missions/current')).data).toBeNull();
  expect((await bob.api.GET('/api/control/queue')).data).toEqual([]);
  expect((await bob.api.GET('/api/stats')).data).toMatchObject({ total_tasks: 0, active_tasks: 0 });
  // Every other route of a mission is tried in test/edge/routes.
  const params = { path: { id: mission } };
  expect((await bob.api.GET('/api/control/missions/{id}', { params })).response.status).toBe(404);
  expect((await bob.api.POST('/api/control/missions/{id}/cancel', { params })).response.status).toBe(404);
  const body = { content: 'hi', mission_id: mission };
  expect((await bob.api.POST('/api/control/message', { body })).response.status).toBe(404);
  stack.model.release('seen');
  await adasStream.until(answered(mission));
  const own = await bob.say('SAY For bob.');
  await bobsStream.until(answered(own.mission));

  const seen = JSON.stringify([bobsStream.events, bobsDeltas.events]);
  expect(seen).not.toContain(mission);
  expect(seen).not.toContain('For ada');
  for (const stream of [adasStream, bobsStream, bobsDeltas]) stream.close();
});

test('without authentication a foreign Host or Origin is refused, and loopback works', async () => {
  stack = await startStack({ DEV_MODE: 'true' });

  expect((await stack.anyone.call('GET', '/api/health')).json).toMatchObject({
    auth_required: false,
    auth_mode: 'disabled',
  });
  expect((await stack.anyone.call('GET', '/api/control/missions')).status).toBe(200);
  const foreign = await stack.anyone.call('GET', '/api/control/missions', undefined, {
    origin: 'https://evil.example',
  });
  expect(foreign.status).toBe(403);
  expect(foreign.text).toMatch(/loopback|127\.0\.0\.1|localhost/i);
  expect(await statusWithHost(stack.url(), 'evil.example')).toBe(403);
  const local = await stack.anyone.call('GET', '/api/control/missions', undefined, { origin: stack.url() });
  expect(local.status).toBe(200);
});

/** fetch does not let anyone choose the Host header, which is what DNS rebinding does. */
const statusWithHost = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const asking = request(`${url}/api/control/missions`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on('error', reject);
    asking.end();
  });
