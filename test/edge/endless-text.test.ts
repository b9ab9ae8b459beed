// A model that never stops writing: its text has a bound, and what is kept of it is called incomplete.
import { beforeEach, expect, test } from 'vitest';
import { maxPartChars } from '../../shared/limits.ts';
import { freshHost, host, inObject, newMission } from './fresh-host.ts';
import { batch, dialHost, hello, row } from './host-peer.ts';

beforeEach(freshHost);

const piece = 'x'.repeat(128 * 1024);
const turn = crypto.randomUUID();
const part = 'prt_1';

test('a text is kept up to its bound, and the rest of it is not', async () => {
  const mission = await newMission();
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  peer.send(batch('r1', 1, [row(mission, { type: 'part.opened', turn, part, kind: 'text' })]));
  const pieces = maxPartChars / piece.length + 4;
  const checkpoint = (n: number) => row(mission, { type: 'part.checkpoint', part, off: n * piece.length, text: piece });
  for (let n = 0; n < pieces; n += 1) peer.send(batch('r1', 2 + n, [checkpoint(n)]));
  const length = pieces * piece.length;
  peer.send(batch('r1', 2 + pieces, [row(mission, { type: 'part.closed', part, off: length, text: '', length })]));

  while ((await peer.next('ack')).n < 2 + pieces);

  await inObject((sql) => {
    const kept = sql.exec<{ chars: number }>('SELECT sum(length(text)) AS chars FROM chunks').one();
    expect(kept.chars).toBe(maxPartChars);
    const { body } = sql.exec<{ body: string }>("SELECT body FROM log WHERE type = 'part.closed'").one();
    expect(JSON.parse(body)).toMatchObject({ length, incomplete: true });
  });
});

test('an end that would exceed the bound leaves what was kept', async () => {
  const mission = await newMission();
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const opened = row(mission, { type: 'part.opened', turn, part, kind: 'text' });
  const first = row(mission, { type: 'part.checkpoint', part, off: 0, text: 'kept' });
  const end = { type: 'part.closed', part, off: maxPartChars, text: 'more', length: maxPartChars + 4 };
  peer.send(batch('r1', 1, [opened, first, row(mission, end)]));
  await peer.next('ack');

  const texts = await inObject((sql) => sql.exec('SELECT text FROM chunks').toArray());
  expect(texts).toEqual([{ text: 'kept' }]);
});
