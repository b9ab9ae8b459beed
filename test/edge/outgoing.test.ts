// Frames to many viewers at once: what is much for one audience keeps nobody else waiting.
import { expect, test } from 'vitest';
import { maxKeptChars, Outgoing, sliceChars } from '../../worker/host/viewers/outgoing.ts';
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

const long = (name: string): string => name.padEnd(sliceChars, '.');

test('a long frame goes to a few viewers at a time, and to each in order', async () => {
  const clock = handClock();
  const outgoing = new Outgoing(clock);
  const [first, second, third] = [viewer(), viewer(), viewer()];
  const ada = { key: 'ada', sockets: [first.socket, second.socket, third.socket] };
  outgoing.send(ada, long('one'));
  outgoing.send(ada, 'two');
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
  outgoing.send({ key: 'mallory', sockets: [first.socket, second.socket] }, long('one'));
  outgoing.send({ key: 'ada', sockets: [other.socket] }, 'hi!');
  expect(await other.has(1)).toEqual(['hi!']);
  expect(second.seen).toEqual([]);
  clock.advance(1);
  expect(await second.has(1)).toEqual(['one']);
});

test('more than may be kept is sent at once', async () => {
  const outgoing = new Outgoing(handClock());
  const [first, second] = [viewer(), viewer()];
  const mallory = { key: 'mallory', sockets: [first.socket, second.socket] };
  const frames = Math.ceil(maxKeptChars / sliceChars) + 1;
  for (let frame = 0; frame < frames; frame++) outgoing.send(mallory, long(String(frame).padStart(3, '0')));
  expect((await second.has(frames)).at(-1)).toBe(String(frames - 1).padStart(3, '0'));
});
