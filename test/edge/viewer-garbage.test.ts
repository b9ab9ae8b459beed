// Bad input on the socket between a stream and a server's object, in both directions.
import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { missionId } from '../../shared/ids.ts';
import type { Rendering, ViewerHeader } from '../../shared/viewer.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { redialMinMs } from '../../worker/lasting-socket.ts';
import { handClock } from '../support/hand-clock.ts';
import { randomFrom } from '../support/random.ts';
import { enrolHost } from './host-peer.ts';
import { accepted, playedEdge } from './played-edge.ts';
import { watch } from './viewer-peer.ts';

const owner = 'alice';

test('an object ignores what no stream would send, and goes on showing', async () => {
  const host = crypto.randomUUID();
  const mission = missionId.parse(crypto.randomUUID());
  await enrolHost(host);
  await hostObject(env, host).createMission({
    id: mission,
    owner,
    workspace: 'w',
    title: null,
    agent: null,
    model: null,
  });
  const bystander = await watch(host, owner);
  const response = await env.HOST.getByName(host).fetch(`http://host/viewer?owner=${owner}&rendering=delta`, {
    headers: { Upgrade: 'websocket' },
  });
  const socket = response.webSocket;
  if (!socket) throw new Error(`no socket: ${response.status}`);
  const shown: string[] = [];
  const sawIt = Promise.withResolvers<void>();
  socket.addEventListener('message', ({ data }) => {
    shown.push(String(data));
    if (String(data).includes('"blocked"')) sawIt.resolve();
  });
  socket.accept();

  const garbage = ['', 'MORE', 'more ', '{"type":"hello"}', '{}', 'null', '__proto__', 'x'.repeat(1_000_000), 'more'];
  const random = randomFrom(7);
  for (let sent = 0; sent < 500; sent++) {
    const text = garbage[random(garbage.length)] ?? '';
    socket.send(random(4) === 0 ? new TextEncoder().encode(text) : text);
  }
  await hostObject(env, host).setStatus(owner, mission, 'blocked');
  await sawIt.promise;

  // The snapshot of the join, and then only what happened.
  expect(shown).toHaveLength(2);
  expect((await bystander.until(({ name }) => name === 'mission.status')).data.status).toBe('blocked');
});

const header: ViewerHeader = { cursor: 'l.s.1', mode: 'live', reset: false, changed: [], running: [], errors: [] };
const goodFrame = `${JSON.stringify(header)}\nevent: good\ndata: {"n":1}\n\nid: l.s.1\n\n`;

/** Frames that no object of ours sends. */
const badFrames = [
  '',
  'no header line',
  '{\nevent: bad\ndata: {}\n\n',
  'null\nevent: bad\ndata: {}\n\n',
  '[]\nevent: bad\ndata: {}\n\n',
  '{"cursor":7}\nevent: bad\ndata: {}\n\n',
  `${JSON.stringify({ ...header, mode: 'backwards' })}\nevent: bad\ndata: {}\n\n`,
  `${JSON.stringify({ ...header, running: {} })}\nevent: bad\ndata: {}\n\n`,
  `${JSON.stringify({ ...header, errors: [7] })}\nevent: bad\ndata: {}\n\n`,
  `${JSON.stringify({ ...header, changed: [{ mission_id: 'm', state: 'asleep', queue_len: -1 }] })}\nevent: bad\n\n`,
];

const renderings = ['default', 'delta'] as const;

/** A stream to an object that sends `frames` to the first socket, and a good frame to every later one. */
const bridged = (rendering: Rendering, frames: (string | ArrayBuffer)[]) => {
  let dials = 0;
  const object = () => {
    dials += 1;
    return accepted(...(dials === 1 ? frames : [goodFrame])).response;
  };
  const clock = handClock();
  const played = playedEdge(clock, { one: object });
  played.tell([{ live: true }]);
  return { clock, ...played.open({ owner, rendering }) };
};

test.each(renderings.flatMap((rendering) => badFrames.map((frame) => [rendering, frame] as const)))(
  'a %s stream shows nothing of a frame that is none, and dials again: %j',
  async (rendering, frame) => {
    const stream = bridged(rendering, [frame]);
    await stream.clock.awaited(redialMinMs);
    stream.clock.advance(redialMinMs);

    await stream.until(({ name }) => name === 'good');

    expect(stream.named('bad')).toEqual([]);
    await stream.leave();
  },
);

test('a stream passes over binary frames', async () => {
  const stream = bridged('delta', [new TextEncoder().encode(badFrames[1]).buffer as ArrayBuffer, goodFrame]);

  await stream.until(({ name }) => name === 'good');

  await stream.leave();
});
