import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { channel, parseFrame } from '../../shared/channels/channel.ts';
import { channels } from '../../shared/channels/channels.ts';
import { uploadChannel } from '../../shared/channels/transfers.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, 'shared/channels');

test('every channel that is declared is one that the relay may open, and the protocol says which way its bytes go', () => {
  const declared = readdirSync(folder).flatMap((name) => [
    ...readFileSync(join(folder, name), 'utf8').matchAll(/= channel\(/g),
  ]);
  const protocol = readFileSync(join(root, 'docs/protocol.md'), 'utf8');
  const rows = [...protocol.matchAll(/^\| `(\w+)` \| ((?:to|from) server|both ways) \|/gm)].map((row) => row.slice(1));

  expect(Object.keys(channels)).toHaveLength(declared.length);
  expect(rows).toEqual(Object.entries(channels).map(([name, { direction }]) => [name, direction]));
});

test('a frame is one of its channel or none: what `done` says is as the channel declares it', () => {
  const stored = { type: 'done', value: { path: '/a', name: 'a' } };
  const counted = channel('counted', 'to server', z.number());

  expect(parseFrame(uploadChannel, JSON.stringify(stored))).toEqual(stored);
  expect(parseFrame(counted, JSON.stringify(stored))).toBeNull();
  expect(parseFrame(counted, '{"type":"done","value":7}')).toEqual({ type: 'done', value: 7 });
  expect(parseFrame(counted, '{"type":"failed","code":"of a later version","message":"m"}')).toMatchObject({
    code: 'internal',
  });
  for (const text of ['{"type":"grant","bytes":0}', '{"type":"resize"}', 'ping', ''])
    expect([text, parseFrame(counted, text)]).toEqual([text, null]);
});
