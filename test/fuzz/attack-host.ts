// A hostile edge at work: session after session with the real link, each with a few shots, each answer checked.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod';
import { closeCode } from '../../shared/limits.ts';
import type { Dial, EdgePeer } from '../support/edge-peer.ts';
import { eventMs } from '../support/patience.ts';
import type { Random, Shot } from './frames.ts';
import { type EdgeShot, firstShotFromEdge, shotFromEdge, type Talk } from './from-edge.ts';
import { Tally } from './tally.ts';

/**
 * Ends that say whose fault it was: ours in words, and the socket library's own for broken UTF-8 and too much of it.
 */
const blame: number[] = [closeCode.badFrame, closeCode.version, 1007, 1009];
const maxReasonBytes = 123;
/** Said of a good session too, when the edge of the one before had another log. */
const newLog = 1000;

/** What the edge gave out, by what has to become of it. */
export interface Given {
  good: string[];
  bad: string[];
  never: string[];
}

const checkEnd = (shot: Shot, { code, reason }: { code: number; reason: string }): void => {
  const told = `after ${shot.what}: ${code} ${reason}`;
  expect(shot.expect === 'any' ? [...blame, newLog] : blame, told).toContain(code);
  if (shot.code !== undefined) expect(code, told).toBe(shot.code);
  if (code >= 4_000) expect(reason, told).not.toBe('');
  expect(Buffer.byteLength(reason), told).toBeLessThanOrEqual(maxReasonBytes);
};

const within = async <T>(what: string, wanted: Promise<T>): Promise<T> => {
  let late: NodeJS.Timeout | undefined;
  const never = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`the host did not answer: ${what}`)), eventMs);
  });
  return Promise.race([wanted, never]).finally(() => clearTimeout(late));
};

/** Asks something whose answer shows that everything before it was dealt with; false when the session ended instead. */
const answers = (peer: EdgePeer, dial: Dial, what: string): Promise<boolean> => {
  const id = randomUUID();
  if (!dial.closed) dial.raw(JSON.stringify({ type: 'call', id, method: 'probe', args: null }));
  const isAnswered = () => dial.all('result').some((result) => result.id === id);
  return within(
    what,
    peer.until(() => (dial.closed ? false : isAnswered() ? true : undefined)),
  );
};

/** A session that is up, however many dials it takes: a host that was told of another log says hello twice. */
export const sessionUp = async (peer: EdgePeer): Promise<void> => {
  for (;;) {
    const dial = await within('a dial', peer.greeted());
    if (await answers(peer, dial, 'a good welcome')) return;
    expect(dial.closed?.code).toBe(newLog);
  }
};

/** One shot at a session that is up; false when it ended the session. */
const fire = async (peer: EdgePeer, dial: Dial, shot: Shot, tally: Tally): Promise<boolean> => {
  dial.raw(shot.data, shot.isBinary);
  const isUp = await answers(peer, dial, shot.what);
  tally.add(dial.closed ? `closed with ${dial.closed.code}` : 'taken or ignored');
  if (dial.closed) checkEnd(shot, dial.closed);
  if (shot.expect !== 'any')
    expect(isUp, `after ${shot.what}: ${dial.closed?.reason}`).toBe(shot.expect === 'answered');
  return isUp;
};

const finished = z.object({
  event: z.object({ type: z.literal('command.finished'), command: z.string(), outcome: z.string() }),
});

/** The ends of commands among the rows that arrived, by command, in order. Each call reads on. */
export const endsAt = (peer: EdgePeer): (() => Map<string, string[]>) => {
  const ends = new Map<string, string[]>();
  let read = 0;
  return () => {
    for (; read < peer.rows.length; read++) {
      const parsed = finished.safeParse(peer.rows[read]?.item);
      if (!parsed.success) continue;
      const { command, outcome } = parsed.data.event;
      ends.set(command, [...(ends.get(command) ?? []), outcome]);
    }
    return ends;
  };
};

/** `received` names every command of the shot, and each bad one's end arrives as an ordinary row. */
const checkCommands = async (
  peer: EdgePeer,
  dial: Dial,
  { what, good, bad }: EdgeShot,
  ends: () => Map<string, string[]>,
): Promise<void> => {
  const received = new Set<string>(dial.all('received').flatMap(({ ids }) => ids));
  expect(
    [...good, ...bad].filter((id) => !received.has(id)),
    what,
  ).toEqual([]);
  await within(
    `failed: ${what}`,
    peer.until(() => (bad.every((id) => ends().has(id)) ? true : undefined)),
  );
};

const mostShots = 10;

/** Fires at least `count` shots. Rejects, naming the shot, where the host does not answer as it must. */
export const attack = async (
  peer: EdgePeer,
  ends: () => Map<string, string[]>,
  { random, count }: { random: Random; count: number },
): Promise<Given & { tally: Tally }> => {
  const given: Given = { good: [], bad: [], never: [] };
  const tally = new Tally();

  const session = async (dial: Dial, talk: Talk): Promise<number> => {
    dial.welcome();
    if (!(await answers(peer, dial, 'a good welcome'))) {
      expect(dial.closed?.code).toBe(newLog);
      return 0;
    }
    const shots = 1 + random(mostShots);
    for (let fired = 1; fired <= shots; fired++) {
      const known = given.good.at(-1) ?? talk.known;
      const shot = shotFromEdge(random, { ...talk, known, sent: peer.runs.get(talk.run) ?? 0 });
      const isUp = await fire(peer, dial, shot, tally);
      given.good.push(...shot.good);
      given.bad.push(...shot.bad);
      given.never.push(...shot.never);
      if (!isUp) return fired;
      await checkCommands(peer, dial, shot, ends);
    }
    dial.cut();
    return shots;
  };

  for (let fired = 0; fired < count; ) {
    const dial = await within('a dial', peer.dialled());
    const { run } = await within('hello', dial.next('hello'));
    const talk = { run, sent: 0, log: peer.log, segment: peer.segment, known: randomUUID() };
    if (random(mostShots) === 0) {
      await fire(peer, dial, firstShotFromEdge(random, talk), tally);
      dial.cut();
      fired++;
    } else fired += await session(dial, talk);
  }
  return { ...given, tally };
};
