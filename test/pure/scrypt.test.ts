import { scryptSync } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { scryptInSlices } from '../../worker/auth/scrypt.ts';

const maxmem = 64 * 1024 * 1024;
/** Times that the hash let others get on. */
const counting = () => {
  const pauses = { count: 0 };
  const pause = async (): Promise<void> => {
    pauses.count += 1;
  };
  return { pauses, pause };
};

test.for([
  ['', 'NaCl', 64, { N: 16, r: 1, p: 1 }],
  ['password', 'NaCl', 64, { N: 1024, r: 8, p: 16 }],
  ['pä:ss\u{1f511}', 'salt of this test', 32, { N: 2048, r: 8, p: 1 }],
  ['x'.repeat(300), '', 17, { N: 4, r: 3, p: 2 }],
] as const)('the hash of %j is that of Node', async ([password, salt, length, cost]) => {
  const hash = await scryptInSlices(password, Buffer.from(salt), length, cost, counting().pause);

  expect(hash.toString('hex')).toBe(scryptSync(password, salt, length, { ...cost, maxmem }).toString('hex'));
});

test('a hash as the launcher makes it lets others get on every 128 of its 65,536 steps', async () => {
  const { pauses, pause } = counting();
  const cost = { N: 32_768, r: 8, p: 1 };
  const hash = await scryptInSlices('hunter2', Buffer.from('salt'), 32, cost, pause);

  expect(hash.equals(scryptSync('hunter2', 'salt', 32, { ...cost, maxmem }))).toBe(true);
  expect(pauses.count).toBe(512);
});

test('a hash takes its memory a slice at a time: all of it at once would hold the thread for 18 ms', async () => {
  let taken = 0;
  const slices: number[] = [];
  class Counted extends Uint32Array {
    constructor(words: number) {
      super(words);
      taken += this.byteLength;
    }
  }
  vi.stubGlobal('Uint32Array', Counted);
  onTestFinished(() => void vi.unstubAllGlobals());
  await scryptInSlices('hunter2', Buffer.from('salt'), 32, { N: 32_768, r: 8, p: 1 }, async () => {
    slices.push(taken);
    taken = 0;
  });

  const mib = 1024 * 1024;
  expect(Math.max(...slices)).toBeLessThan(mib);
  expect(slices.slice(0, 257).reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThanOrEqual(32 * mib);
});

test.for([
  { which: 'that was made', pausesUntilGone: Number.POSITIVE_INFINITY },
  { which: 'that was broken off', pausesUntilGone: 20 },
])('a hash $which gives its memory back at once', async ({ pausesUntilGone }) => {
  const taken: { byteLength: number }[] = [];
  class Kept extends Uint32Array<ArrayBuffer> {
    constructor(words: number) {
      super(new ArrayBuffer(4 * words));
      taken.push(this);
    }
  }
  vi.stubGlobal('Uint32Array', Kept);
  onTestFinished(() => void vi.unstubAllGlobals());
  let pauses = 0;
  const hash = scryptInSlices('hunter2', Buffer.from('salt'), 32, { N: 4_096, r: 8, p: 1 }, async () => {
    pauses += 1;
    if (pauses > pausesUntilGone) throw new Error('gone');
  });
  await hash.catch(() => undefined);

  expect(taken.length).toBeGreaterThan(16);
  expect(taken.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(64 * 1024);
});
