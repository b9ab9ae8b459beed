import { expect, test } from 'vitest';
import type { Command } from '../../shared/commands.ts';
import { parseEdgeFrame } from '../../shared/frames.ts';
import { commandId, missionId } from '../../shared/ids.ts';
import { maxCommandBytes, maxEventBytes, maxFrameBytes, maxMessageBytes } from '../../shared/limits.ts';
import { commandFrames } from '../../worker/host/link/command-frames.ts';
import { heavyText, heavyUnits } from '../support/heavy-text.ts';
import { randomFrom } from '../support/random.ts';

const units = Object.entries(heavyUnits);
const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const message = (n: number, content: string, title: string | null = null): Command => ({
  kind: 'message',
  id: commandId.parse(id(n)),
  mission: missionId.parse(id(n)),
  at: 8_640_000_000_000_000,
  args: { spec: { owner: 'u', workspace: id(0), title }, content, agent: 'build', model: 'lab/m1', clean: false },
});
const bytesOf = (text: string): number => Buffer.byteLength(text);

test.each(units)('the longest message of %s is a legal command, whatever its mission is called', (_name, unit) => {
  // A mission that a host opened is called what its one event has room for, already encoded.
  const title = heavyText(unit, (maxEventBytes - 1_024) / 6);
  const command = message(1, heavyText(unit, maxMessageBytes), title);

  expect(bytesOf(JSON.stringify(command))).toBeLessThanOrEqual(maxCommandBytes);
  expect(maxCommandBytes).toBeLessThan(maxFrameBytes / 2);
});

test.each(units)('a thousand messages of %s are frames that a host accepts, in order and complete', (_name, unit) => {
  const draw = randomFrom(7);
  // Few of the longest, since a thousand of them would be a gigabyte.
  const lengths = Array.from({ length: 1_000 }, (_, n) => (n % 50 === 0 ? maxMessageBytes : draw(4_096)));
  const commands = lengths.map((bytes, n) => message(n, heavyText(unit, bytes)));
  const seen: string[] = [];

  for (const text of commandFrames(commands)) {
    expect(bytesOf(text)).toBeLessThanOrEqual(maxFrameBytes);
    const parsed = parseEdgeFrame(text);
    if (!parsed.ok || parsed.frame.type !== 'commands') throw new Error('not a frame of commands');
    seen.push(...parsed.frame.commands.map((each) => each.id));
  }

  expect(seen).toEqual(commands.map((each) => each.id));
});

test('no commands are no frame', () => {
  expect([...commandFrames([])]).toEqual([]);
});
