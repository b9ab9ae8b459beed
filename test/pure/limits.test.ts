import { expect, test } from 'vitest';
import { replyToCall } from '../../host-agent/link/call.ts';
import { DeltaBuffer } from '../../host-agent/link/deltas.ts';
import { hello } from '../../host-agent/link/greeting.ts';
import type { LinkOptions } from '../../host-agent/link/port.ts';
import { createLog } from '../../host-agent/process/log.ts';
import { systemClock } from '../../shared/clock.ts';
import type { Command } from '../../shared/commands.ts';
import { parseEdgeFrame, parseHostFrame } from '../../shared/frames.ts';
import { commandId, missionId } from '../../shared/ids.ts';
import {
  maxCommandBytes,
  maxEventBytes,
  maxFrameBytes,
  maxMessageBytes,
  maxWelcomed,
  maxWelcomedSessions,
} from '../../shared/limits.ts';
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

/** An outbox, an inbox and an edge of which only this is known. */
const optionsWith = (runs: string[]): LinkOptions =>
  ({
    outbox: {
      head: () => ({ run: 'r', n: 1 }),
      lastAcked: () => null,
      pendingRuns: () => runs,
      newest: () => ({ run: 'r', n: 1 }),
    },
    inbox: { openIds: () => [] },
    edge: { known: () => ({ welcomedRun: null, segment: null, seq: 0 }) },
    hostFile: { epoch: 1 },
    clock: systemClock,
    agentVersion: '1',
  }) as unknown as LinkOptions;

test.each(units)(
  'a hello of a host with more runs and sessions, named by %s, than fit is one that the edge takes',
  (_name, unit) => {
    const foreign = heavyText(unit, 1_200).slice(0, 200).toWellFormed();
    const runs = Array.from({ length: 5_000 }, (_, n) => `${n}`);
    const sessions = Array.from({ length: 5_000 }, (_, n) => ({
      source: foreign,
      session: `${n}${foreign}`.slice(0, 200),
    }));
    const report = { turns: [], agents: [], workingDir: '/root', slots: 1, sessions };

    const text = JSON.stringify(hello(optionsWith(runs), report));

    expect(bytesOf(text)).toBeLessThanOrEqual(maxFrameBytes);
    expect(parseHostFrame(text)).toMatchObject({ ok: true });
    // What is answered of it says a little more of each session.
    const src = sessions.slice(0, maxWelcomedSessions).map((each) => ({ ...each, seq: 2 ** 50, index: 1_000 }));
    const named = Array.from({ length: maxWelcomed }, (_, n) => ({
      received: true,
      command: { id: id(n), mission: id(n), kind: 'message' },
    }));
    const interrupts = named.map(() => ({ mission: id(1), command: id(2) }));
    expect(bytesOf(JSON.stringify({ src, named, interrupts }))).toBeLessThanOrEqual(maxFrameBytes - 1024 * 1024);
  },
);

test.each(units)('a batch with all the deltas of %s that a host keeps fits beside its rows', (_name, unit) => {
  const deltas = new DeltaBuffer();
  let off = 0;
  // Pieces of many parts, so that none is joined with the one before.
  for (let part = 0; part < 4_900; part += 1) {
    const text = unit.repeat(Math.max(1, Math.floor(50 / unit.length)));
    deltas.add({ mission: missionId.parse(id(1)), part: `part ${part}`, off, text }, 0);
    off += text.length;
  }
  const taken = deltas.take(0);

  expect(taken.length).toBeGreaterThan(1_000);
  // A megabyte of rows, and one more row.
  const bytes = bytesOf(JSON.stringify(taken)) + 1024 * 1024 + 2 * maxEventBytes;
  expect(bytes).toBeLessThanOrEqual(maxFrameBytes);
});

test.each(units)('a result of %s is a frame that the edge takes, or says that it is too large', async (_name, unit) => {
  for (const megabytes of [1, 2, 4, 8, 9]) {
    const value = heavyText(unit, megabytes * 1024 * 1024);
    const text = await replyToCall(
      { type: 'call', id: 'c', method: 'files.list', args: {} },
      { onCall: async () => value, log: createLog({ write: () => undefined }) },
    );
    expect(bytesOf(text)).toBeLessThanOrEqual(maxFrameBytes);
    expect(parseHostFrame(text)).toMatchObject({ ok: true, frame: { type: 'result', id: 'c' } });
  }
});
