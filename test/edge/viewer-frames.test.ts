import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { commandId, missionId } from '../../shared/ids.ts';
import { viewerFrameChars } from '../../shared/limits.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { batch, dialHost, enrolHost, hello, row } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';

test('a large batch reaches its viewers in several frames, and each of its rows once and in order', async () => {
  const host = crypto.randomUUID();
  await enrolHost(host);
  const object = hostObject(env, host);
  const [mission, id] = [missionId.parse(crypto.randomUUID()), commandId.parse(crypto.randomUUID())];
  await object.createMission({ id: mission, owner: 'alice', workspace: 'w', title: null, agent: null, model: null });
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  await object.message('alice', { id, mission, content: 'go', agent: null });
  await peer.next('commands');
  const answer = await env.HOST.getByName(host).fetch('http://host/viewer?owner=alice&rendering=delta', {
    headers: { Upgrade: 'websocket' },
  });
  const frames: string[] = [];
  const last = Promise.withResolvers<void>();
  answer.webSocket?.addEventListener('message', ({ data }) => {
    frames.push(String(data));
    if (String(data).includes('"call_29"')) last.resolve();
  });
  answer.webSocket?.accept();
  const calls = Array.from({ length: 30 }, (_, n) => `call_${n}`);
  const results = calls.map((call) =>
    row(mission, { type: 'tool.result', tool_call_id: call, name: 'bash', result: '"'.repeat(100_000), failed: false }),
  );

  peer.send(batch('r1', 1, [turnRows(mission, id, crypto.randomUUID()).started, ...results]));
  await last.promise;

  // A row may be as long as an event, beyond the others of its frame.
  expect(Math.max(...frames.map(({ length }) => length))).toBeLessThan(viewerFrameChars + 300_000);
  const seen = [...frames.join('').matchAll(/"tool_call_id":"(call_\d+)"/g)].map(([, call]) => call);
  expect(seen).toEqual(calls);
});
