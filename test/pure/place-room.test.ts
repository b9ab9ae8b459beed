// What an owner's place may hold, and what is left of the disk: when a place is looked at, and what is refused then.
import { expect, test } from 'vitest';
import { placeRoom } from '../../host-agent/hands/place-room.ts';
import { createLog } from '../../host-agent/process/log.ts';
import { quotas } from '../../shared/quotas.ts';
import { handClock } from '../support/hand-clock.ts';

const gib = 1024 ** 3;
const minuteMs = 60_000;

const roomOf = (start: { holds: number | null; free: number }) => {
  const state = { ...start, looks: 0 };
  const clock = handClock();
  const room = placeRoom({
    measure: async () => {
      state.looks += 1;
      return state.holds;
    },
    disk: async () => ({ free: state.free, all: 100 * gib }),
    clock,
    log: createLog({ clock }),
  });
  room.allow('ada', 10 * gib);
  const bash = (command: string) => room.refusal('ada', 'bash', { command });
  /** A call that has run, and the look that it may be the reason for. */
  const ran = async () => {
    const note = await room.ran('ada');
    await new Promise(setImmediate);
    return note;
  };
  return { state, clock, room, bash, ran };
};

test('a call costs a look at the disk; the place is read where it could hold too much, or nobody has for long', async () => {
  const { state, clock, bash, ran } = roomOf({ holds: gib, free: 50 * gib });
  for (let call = 0; call < 5; call++) {
    expect(await bash('make')).toBeNull();
    expect(await ran()).toBeNull();
  }
  expect(state.looks).toBe(1);

  state.free -= 8 * gib; // Whoever's it is.
  clock.advance(minuteMs);
  await ran();
  expect(state.looks).toBe(2);
  await ran();
  expect(state.looks).toBe(2);

  clock.advance(11 * minuteMs);
  await ran();
  expect(state.looks).toBe(3);
});

test('a model is told once that little is left, then commands are refused, and run again once there is room', async () => {
  const { state, clock, room, bash, ran } = roomOf({ holds: 9 * gib, free: 50 * gib });
  await ran();
  expect(await ran()).toContain('9.0 of the 10.0 GiB');
  expect(await ran()).toBeNull();

  state.holds = 11 * gib;
  state.free -= 2 * gib;
  clock.advance(minuteMs);
  await ran();
  const refused = await bash('make');
  expect(refused).toContain('`place_bytes` is used up: 10 GiB');
  expect(refused).toContain('rm');
  expect(await room.refusal('ada', 'write', { filePath: 'a', content: '' })).toBe(refused);
  expect(await room.refusal('ada', 'read', { filePath: 'a' })).toBeNull();
  expect(await room.refusal('bob', 'bash', { command: 'make' })).toBeNull();
  for (const line of ['rm -rf build; make', 'find . -exec make {} +', 'ls $(make)'])
    expect(await bash(line)).toBe(refused);

  expect(await bash('cd build && rm -rf * && du -sh .')).toBeNull();
  state.holds = gib;
  await ran();
  expect(await bash('make')).toBeNull();
});

test('on a disk with next to nothing left nobody writes, but for what removes', async () => {
  const { bash } = roomOf({ holds: 0, free: 64 * 1024 * 1024 });

  expect(await bash('make')).toContain('The disk of this server is nearly full');
  expect(await bash('rm -rf build')).toBeNull();
});

test('where agents have no place of their own there is no bound', async () => {
  const { state, bash, ran } = roomOf({ holds: null, free: 50 * gib });
  await ran();
  state.free = 0;

  expect(await bash('make')).toBeNull();
  expect(await ran()).toBeNull();
  expect(state.looks).toBe(1);
});

test('where an edge says nothing, the default counts', async () => {
  const { state, room } = roomOf({ holds: quotas.place_bytes.default + 1, free: 50 * gib });
  await room.ran('bob');
  await new Promise(setImmediate);

  expect(state.looks).toBe(1);
  expect(await room.refusal('bob', 'bash', { command: 'make' })).toContain('100 GiB');
});
