// A hostile host at work: connection after connection at the real edge, each with a few shots, each answer checked.
import { connect } from 'node:net';
import { expect } from 'vitest';
import { closeCode } from '../../shared/limits.ts';
import type { Enrolled } from './edge-process.ts';
import type { Random, Shot } from './frames.ts';
import {
  type Attacker,
  batch,
  claimOf,
  firstShotFromHost,
  hello,
  madeUpOwner,
  newAttacker,
  newMission,
  newRun,
  row,
  shotFromHost,
  type Targets,
} from './from-host.ts';
import { type Closed, dialEdge, type HostDial } from './host-dial.ts';
import { Tally } from './tally.ts';

/**
 * Ends of a socket that say whose fault it was. Not 1006 (the edge broke off) and not 1011 (it could not take the
 * frame).
 */
const blame: number[] = [
  closeCode.badFrame,
  closeCode.unauthorised,
  closeCode.staleEpoch,
  closeCode.gap,
  closeCode.version,
];
/** RFC 6455. */
const maxReasonBytes = 123;

export const checkEnd = (shot: Pick<Shot, 'what' | 'code'>, { code, reason }: Closed): void => {
  const told = `after ${shot.what}: ${code} ${reason}`;
  expect(blame, told).toContain(code);
  if (shot.code !== undefined) expect(code, told).toBe(shot.code);
  expect(reason, told).not.toBe('');
  expect(Buffer.byteLength(reason), told).toBeLessThanOrEqual(maxReasonBytes);
};

const note = (code: string) => row(null, { type: 'host.note', code, text: code });

/** A row that is stored once and then only repeated: its ack shows that everything before it was dealt with. */
const probeRun = 'fuzz-probe';
const probe = JSON.stringify(batch(probeRun, 1, [note('probe')]));

const acksOf = (dial: HostDial, run: string): number[] =>
  dial.frames.flatMap((frame) => (frame.type === 'ack' && frame.run === run ? [frame.n] : []));

/** One shot at a session that is up; false when it ended the session. */
const fire = async (dial: HostDial, attacker: Attacker, shot: Shot, tally: Tally): Promise<boolean> => {
  const probed = acksOf(dial, probeRun).length;
  dial.send(shot.data, shot.isBinary);
  // What follows a refused frame is of no effect: the next welcome still names the old n.
  if (shot.expect === 'closes') dial.send(JSON.stringify(batch(attacker.run, attacker.n + 1, [note('late')])));
  dial.send(probe);
  await dial.until(`the probe after ${shot.what}`, () =>
    dial.closed() || acksOf(dial, probeRun).length > probed ? true : undefined,
  );
  attacker.n = Math.max(attacker.n, ...acksOf(dial, attacker.run));
  const closed = dial.closed();
  tally.add(closed ? `closed with ${closed.code}` : shot.expect === 'answered' ? 'acknowledged' : 'taken or ignored');
  if (closed) checkEnd(shot, closed);
  else expect(shot.expect, shot.what).not.toBe('closes');
  if (shot.expect === 'answered') {
    expect(closed, shot.what).toBeNull();
    expect(attacker.n, shot.what).toBe(shot.n);
  }
  return closed === null;
};

/** A session that is refused at its first frame, or would be if that were not right after all. */
const falseStart = async (dial: HostDial, shot: Shot, tally: Tally): Promise<void> => {
  dial.send(shot.data, shot.isBinary);
  if (shot.expect === 'closes') {
    const closed = await dial.ended();
    tally.add(`closed with ${closed.code}`);
    checkEnd(shot, closed);
  } else await dial.next('welcome');
  dial.cut();
};

/**
 * Says once of another server's mission that it is here and of a user that there is not: the link ends as soon as the
 * edge has found out, which it does after it acknowledged the row.
 */
export const claim = async (url: string, host: Enrolled, mission: string): Promise<void> => {
  const { run } = newRun();
  const dial = await dialEdge(url, host);
  dial.send(JSON.stringify(hello(run)));
  await dial.next('welcome');
  dial.send(JSON.stringify(batch(run, 1, [claimOf(mission, madeUpOwner)])));
  checkEnd({ what: "a claim to another server's mission", code: closeCode.unauthorised }, await dial.ended());
};

/** A gap may carry a run almost to the last n there is; it is left then. */
const farthestN = 2 ** 50;
export interface Plan {
  random: Random;
  /** Owner of the missions it writes rows of. */
  owner: string;
  targets: Targets;
  count: number;
  /** Called now and then between two connections. */
  pause(): Promise<void>;
}

/** Shots between two pauses: some minutes at the worst. */
const shotsPerPause = 2_000;

/** Few enough for the list of the newest 50 missions to show those that were there before, too. */
const mostMissions = 40;
const mostShots = 10;

/**
 * Fires at least `count` shots as the host `host`; returns the missions it wrote rows of, and what became of the
 * shots. Rejects, naming the shot, where the edge
 * does not answer as it must.
 */
export const attack = async (
  url: string,
  host: Enrolled,
  { random, owner, targets, count, pause }: Plan,
): Promise<{ missions: string[]; tally: Tally }> => {
  const tally = new Tally();
  const attacker = newAttacker(owner);
  const missions = [attacker.mission];
  /**
   * `attacker.n` is what the edge has. A shot that may have been understood and closes may have moved it on without an
   * ack.
   */
  let isCertain = false;

  const session = async (dial: HostDial): Promise<number> => {
    dial.send(JSON.stringify(hello(attacker.run)));
    const { runs } = await dial.next('welcome');
    const known = runs.find(({ run }) => run === attacker.run)?.n ?? Number.NaN;
    if (isCertain) expect(known, 'n after a refused frame').toBe(attacker.n);
    attacker.n = known;
    const shots = 1 + random(mostShots);
    for (let fired = 1; fired <= shots; fired++) {
      const shot = shotFromHost(random, attacker, targets);
      isCertain = shot.expect !== 'any';
      if (!(await fire(dial, attacker, shot, tally))) return fired;
    }
    isCertain = true;
    // The others have to be replaced by the next session.
    if (random(2) === 0) dial.cut();
    return shots;
  };

  for (let fired = 0, paused = 0; fired < count; ) {
    if (fired - paused > shotsPerPause) {
      paused = fired;
      await pause();
    }
    if (fired > (missions.length * count) / mostMissions) missions.push(Object.assign(attacker, newMission()).mission);
    if (attacker.n > farthestN) Object.assign(attacker, newRun());
    const dial = await dialEdge(url, host);
    if (random(mostShots) === 0) {
      await falseStart(dial, firstShotFromHost(random, attacker), tally);
      fired++;
    } else fired += await session(dial);
  }
  return { missions, tally };
};

/** Speaks the handshake and then bytes that are no WebSocket frame; resolves with how the edge ended it. */
export const sendBytes = (url: string, host: Enrolled, bytes: Buffer): Promise<Closed> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    const lines = [
      'GET /api/host/link HTTP/1.1',
      `Host: ${hostname}`,
      `Authorization: Bearer ${host.id}.${host.credential}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.once('data', () => {
      socket.write(bytes);
      socket.once('data', (frame) => {
        // workerd keeps the connection for another 10 s, in case we close politely.
        socket.destroy();
        resolve(closeIn(frame));
      });
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`no close frame for ${bytes.toString('hex').slice(0, 80)}`)));
  });

/** A close frame: opcode 8 in the first byte, a length of one byte, or of two behind 126, then code and reason. */
const closeIn = (frame: Buffer): Closed => {
  const payload = frame.subarray(frame[1] === 126 ? 4 : 2);
  return frame[0] === 0x88
    ? { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() }
    : { code: 0, reason: frame.toString('hex') };
};
