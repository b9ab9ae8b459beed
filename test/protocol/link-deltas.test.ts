import { expect, test } from 'vitest';
import { linkTimes } from '../../host-agent/link/times.ts';
import { liveTurn } from '../../shared/events.ts';
import { turnId } from '../../shared/ids.ts';
import { windowEvents } from '../../shared/limits.ts';
import { EdgePeer } from '../support/edge-peer.ts';
import { handClock } from '../support/hand-clock.ts';
import { newCommandId, newMissionId, note, temporaryStore } from '../support/host-store.ts';
import { runningLink } from '../support/running-link.ts';

const mission = newMissionId();
const turn = turnId.parse(newCommandId());
const opened = (part: string) => ({
  at: 1,
  mission,
  event: { type: 'part.opened', turn, part, kind: 'text' } as const,
});

test('text reaches the edge after the row that opened its part, in one frame or a later one', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { link } = runningLink(store, peer);
  const dial = await peer.greeted();
  await peer.until(() => (link.isUp() ? true : undefined));

  for (let part = 0; part < 50; part++) {
    store.outbox.append([opened(`p${part}`)]);
    link.delta({ mission, part: `p${part}`, off: 0, text: 'a' });
    link.delta({ mission, part: `p${part}`, off: 1, text: 'b' });
    if (part % 7 === 0) await new Promise(setImmediate);
  }
  await peer.until(
    () => dial.all('batch').some(({ deltas }) => deltas.some(({ part }) => part === 'p49')) || undefined,
  );

  const known = new Set<unknown>();
  const texts = new Map<string, string>();
  for (const { items, deltas } of dial.all('batch')) {
    for (const item of items) known.add(JSON.parse(JSON.stringify(item)).event.part);
    for (const { part, text } of deltas) {
      expect(known.has(part)).toBe(true);
      texts.set(part, (texts.get(part) ?? '') + text);
    }
  }
  expect([...texts.values()]).toEqual(Array.from({ length: 50 }, () => 'ab'));
});

test('a delta waits while a full window holds back the row that opened its part', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  peer.acks = false;
  const { link } = runningLink(store, peer);
  const dial = await peer.greeted();
  await peer.until(() => (link.isUp() ? true : undefined));
  store.outbox.append(Array.from({ length: windowEvents }, (_, index) => note(`${index}`)));
  await peer.stored(windowEvents);

  store.outbox.append([opened('late')]);
  link.delta({ mission, part: 'late', off: 0, text: 'hello' });
  // A frame sent now has passed everything the link would have sent on its own.
  link.agentsChanged();
  await dial.next('capabilities');
  expect(dial.all('batch').flatMap(({ deltas }) => deltas)).toEqual([]);
  expect(peer.rows).toHaveLength(windowEvents);

  dial.ack(store.run, windowEvents);
  await peer.stored(windowEvents + 1);
  await peer.until(() => dial.all('batch').some(({ deltas }) => deltas.length > 0) || undefined);

  expect(dial.all('batch').flatMap(({ deltas }) => deltas)).toEqual([{ mission, part: 'late', off: 0, text: 'hello' }]);
});

test('text of the time without a session is never sent later', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { link, line } = runningLink(store, peer);
  const first = await peer.greeted();
  await peer.until(() => (link.isUp() ? true : undefined));
  store.outbox.append([opened('p')]);
  await peer.stored(1);
  first.cut();
  await line('link.down');

  link.delta({ mission, part: 'p', off: 0, text: 'unseen' });
  const second = await peer.greeted();
  await peer.until(() => (link.isUp() ? true : undefined));
  link.delta({ mission, part: 'p', off: 6, text: 'seen' });
  await peer.until(() => second.all('batch').some(({ deltas }) => deltas.length > 0) || undefined);

  expect(second.all('batch').flatMap(({ deltas }) => deltas)).toEqual([{ mission, part: 'p', off: 6, text: 'seen' }]);
});

/** A test that moves time in strides would leave no time for a ping to be answered. */
const noHeartbeat = { pingMs: 1_000 * linkTimes.turnsMs, silenceMs: 2_000 * linkTimes.turnsMs };

test('live turns are reported when they change and again and again while one runs, as of the outbox head', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const clock = handClock();
  const { link, report } = runningLink(store, peer, { clock, times: { ...linkTimes, ...noHeartbeat } });
  const dial = await peer.greeted();
  await peer.until(() => (link.isUp() ? true : undefined));
  store.outbox.append([note('something')]);
  const live = liveTurn.parse({ mission, command: newCommandId(), turn, state: 'running', since: 1, last_activity: 1 });

  report.turns = [live];
  link.turnsChanged();
  link.turnsChanged();
  expect(await dial.next('turns')).toEqual({ type: 'turns', turns: [live], at: { run: store.run, n: 1 } });
  expect(dial.all('turns')).toHaveLength(1);
  clock.advance(linkTimes.turnsMs);
  expect(await dial.next('turns')).toMatchObject({ turns: [live] });

  report.turns = [];
  link.turnsChanged();
  await peer.until(() => (dial.all('turns').at(-1)?.turns.length === 0 ? true : undefined));
  const reports = dial.all('turns').length;
  clock.advance(2 * linkTimes.turnsMs);
  // With no turn alive nothing may come before what is sent after that time.
  link.agentsChanged();
  await dial.next('capabilities');
  expect(dial.all('turns')).toHaveLength(reports);
});

test('turns that changed between hello and welcome are reported after it', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { link, report } = runningLink(store, peer);
  const dial = await peer.dialled();
  await dial.next('hello');
  report.turns = [
    liveTurn.parse({ mission, command: newCommandId(), turn, state: 'starting', since: 1, last_activity: 1 }),
  ];
  link.turnsChanged();
  dial.welcome();

  expect((await dial.next('turns')).turns).toEqual(report.turns);
});
