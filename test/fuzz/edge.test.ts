// The edge under fire: hostile frames over real sockets at the real workerd, with other people's work beside them.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiFetch } from '../support/declared-answer.ts';
import { randomFrom } from '../support/random.ts';
import { attack, checkEnd, claim, sendBytes } from './attack-edge.ts';
import { framesPerSide, seed, timeoutMs } from './budget.ts';
import { type EdgeProcess, startEdge } from './edge-process.ts';
import { lyingHello } from './from-host.ts';
import { dialEdge } from './host-dial.ts';
import { comeBack, keptWatching, watchAll } from './watchers.ts';
import { call, goodHost, type Person, seen, worksExactly, write } from './witness.ts';

let edge: EdgeProcess;
let person: Person;

beforeAll(async () => {
  edge = await startEdge();
  // The only user of an edge with one password.
  person = { url: edge.url, owner: 'default', headers: await edge.login() };
});

afterAll(() => edge?.close());

const options = { timeout: timeoutMs };

test(`${framesPerSide} hostile frames harm nobody's work (seed ${seed})`, options, async () => {
  const [attacked, other] = [await edge.enrol(), await edge.enrol()];
  const [before, beside] = [await goodHost(edge, attacked), await goodHost(edge, other)];
  // One finished mission on the attacked server itself, and one that runs on another.
  const own = await write(person, before, attacked, 10);
  const foreign = await write(person, beside, other, 4);
  const known = [await seen(person, own), await seen(person, foreign)];
  const watchers = await watchAll(person, own, foreign);
  before.dial.leave();
  await before.dial.ended();
  await claim(edge.url, attacked, foreign.mission);

  const plan = {
    random: randomFrom(seed),
    owner: person.owner,
    targets: { own, foreign },
    count: framesPerSide,
    pause: () => comeBack(watchers),
  };
  const { missions, tally } = await attack(edge.url, attacked, plan);
  console.log(`frames to the edge: ${tally}`);

  expect(edge.exit()).toBeNull();
  expect([await seen(person, own), await seen(person, foreign)]).toEqual(known);
  await keptWatching(person, watchers, { beside, witness: foreign, finished: own });
  await canBeRead(missions);
  await worksExactly(edge, person, attacked);
});

/** Whatever rows were taken in, no page of them is a trap. */
const canBeRead = async (missions: readonly string[]): Promise<void> => {
  for (const id of missions) {
    // Not every one got as far as being opened.
    const response = await apiFetch(`${person.url}/api/control/missions/${id}`, { headers: person.headers });
    await response.body?.cancel();
    expect([200, 404]).toContain(response.status);
    if (response.status === 404) continue;
    const events = (await call(person, 'GET', `/missions/${id}/events`)) as { sequence: number }[];
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  }
  const { total_cost_cents: cost } = (await call(person, 'GET', '/../stats')) as { total_cost_cents: number };
  expect(cost).toBeGreaterThan(0);
};

test(`a host that lies about its past may get a new log, and nothing is lost (seed ${seed})`, options, async () => {
  const random = randomFrom(seed);
  const liar = await edge.enrol();
  const good = await goodHost(edge, liar);
  const own = await write(person, good, liar, 10);
  const known = await seen(person, own);

  for (let said = 0; said < framesPerSide / 50; said++) {
    const dial = await dialEdge(edge.url, liar);
    dial.send(JSON.stringify(lyingHello(random, good.run)));
    await dial.until('welcome or an end', () => (dial.frames.length > 0 || dial.closed() ? true : undefined));
    const closed = dial.closed();
    if (closed) checkEnd({ what: 'a hello that lies' }, closed);
    else expect(dial.frames[0]?.type).toBe('welcome');
    dial.cut();
  }

  expect(edge.exit()).toBeNull();
  expect(await seen(person, own)).toEqual(known);
  await worksExactly(edge, person, liar);
});

test(`bytes that are no frames at all end their own connection (seed ${seed})`, options, async () => {
  const host = await edge.enrol();
  // A frame of a reserved kind, one that claims 2^63 bytes, a rest without a beginning, a compressed one, an endless
  // one.
  const heads = ['83800000000000', '81ffffffffffffffffff00000000', '8080000000000000', 'c181000000007b', '0100'];
  for (let sent = 0; sent < framesPerSide / 50; sent++) {
    const head = Buffer.from(heads[sent % heads.length] ?? '', 'hex');
    const { code, reason } = await sendBytes(edge.url, host, Buffer.concat([head, Buffer.alloc(64, 7)]));
    // Protocol error and too big, said by the runtime itself.
    expect([1002, 1009], reason).toContain(code);
    expect(reason).not.toBe('');
  }

  expect(edge.exit()).toBeNull();
  await worksExactly(edge, person, host);
});
