import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { MissionJson } from '../../shared/api.ts';
import { sha256Hex } from '../../worker/digest.ts';
import { asUser, enrol, freshDirectory } from './edge.ts';

test('a request that was sent before the update, and again after it, is one request', async () => {
  await freshDirectory();
  const { id: host } = await enrol();
  const ada = asUser('ada');
  const mission = await (await ada('/api/control/missions', { method: 'POST', json: {} })).json<MissionJson>();
  const message = crypto.randomUUID();
  const ids = { message, mission: mission.id, host, creates: 'no' };
  const body = { content: 'hello', agent: null, mission_id: mission.id };
  await env.DB.prepare('INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?)')
    .bind('ada', 'POST /api/control/message', 'k', sha256Hex(JSON.stringify(body)), JSON.stringify(ids), Date.now())
    .run();
  const say = (content: string) =>
    ada('/api/control/message', {
      method: 'POST',
      json: { content, mission_id: mission.id },
      headers: { 'Idempotency-Key': 'k' },
    });

  expect(await (await say('hello')).json()).toMatchObject({ id: message });
  expect((await say('other')).status).toBe(422);
});
