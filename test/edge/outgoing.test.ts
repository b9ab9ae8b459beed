// Frames to many viewers at once: what is much for one audience keeps nobody else waiting.
import { expect, test } from 'vitest';
import { maxKeptChars, Outgoing, sliceAlone, sliceBesideOthers } from '../../worker/host/viewers/outgoing.ts';
import { handClock } from '../support/hand-clock.ts';

/** A viewer's socket, and the frames that came out at its other end: their first characters. */
const viewer = () => {
  const { 0: theirs, 1: ours } = new WebSocketPair();
  theirs.accept();
  ours.accept();
  const seen: string[] = [];
  const waiting: (() => void)[] = [];
  theirs.addEventListener('message', ({ data }) => {
    seen.push(String(data).slice(0, 3));
    for (const look of waiting.splice(0)) look();
  });
  const has = async (count: number): Promise<string[]> => {
    while (seen.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return seen;
  };
  return { socket: ours, seen, has };
};

const long = (name: string): string => name.padEnd(sliceAlone.chars, '.');

test('a long frame goes to a few viewers at a time, and to each in order', async () => {
  const clock = handClock();
  const outgoing = new Outgoing(clock);
  const [first, second, third] = [viewer(), viewer(), viewer()];
  const ada = { key: 'ada', sockets: [first.socket, second.socket, third.socket] };
  outgoing.send(ada, long('one'), sliceAlone);
  outgoing.send(ada, 'two', sliceAlone);
  expect(await first.has(1)).toEqual(['one']);
  expect([second.seen, third.seen]).toEqual([[], []]);
  clock.advance(1);
  expect(await second.has(1)).toEqual(['one']);
  expect(third.seen).toEqual([]);
  clock.advance(1);
  clock.advance(1);
  for (const each of [first, second, third]) expect(await each.has(2)).toEqual(['one', 'two']);
});

test('nobody waits for what another audience is sent', async () => {
  const clock = handClock();
  const outgoing = new Outgoing(clock);
  const [first, second, other] = [viewer(), viewer(), viewer()];
  outgoing.send({ key: 'mallory', sockets: [first.socket, second.socket] }, long('one'), sliceBesideOthers);
  outgoing.send({ key: 'ada', sockets: [other.socket] }, 'hi!', sliceBesideOthers);
  expect(await other.has(1)).toEqual(['hi!']);
  expect(second.seen).toEqual([]);
  clock.advance(1);
  expect(await second.has(1)).toEqual(['one']);
});

test('a short frame goes to so many viewers at a time that somebody else who watches hardly waits', async () => {
  const clock = handClock();
  const outgoing = new Outgoing(clock);
  const many = Array.from({ length: sliceBesideOthers.sockets + 1 }, viewer);
  const [last] = many.slice(-1);
  outgoing.send({ key: 'mallory', sockets: many.map(({ socket }) => socket) }, 'hi!', sliceBesideOthers);
  expect(await many.at(-2)?.has(1)).toEqual(['hi!']);
  expect(last?.seen).toEqual([]);
  clock.advance(1);
  expect(await last?.has(1)).toEqual(['hi!']);
});

test('more than may be kept is sent at once, the oldest first, and what may be kept is not', async () => {
  const clock = handClock();
  const outgoing = new Outgoing(clock);
  const [first, second] = [viewer(), viewer()];
  const mallory = { key: 'mallory', sockets: [first.socket, second.socket] };
  const kept = maxKeptChars / sliceAlone.chars;
  const nameOf = (frame: number): string => String(frame).padStart(3, '0');
  for (let frame = 0; frame <= kept; frame++) outgoing.send(mallory, long(nameOf(frame)), sliceAlone);
  expect(await second.has(1)).toEqual(['000']);
  expect(await first.has(1)).toEqual(['000']);
  for (let slice = 0; slice < 2 * kept; slice++) clock.advance(1);
  expect((await second.has(kept + 1)).at(-1)).toBe(nameOf(kept));
});
