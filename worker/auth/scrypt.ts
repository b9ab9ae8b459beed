import { pbkdf2Sync } from 'node:crypto';
import { salsa, wordAt } from './salsa.ts';

/** What a hash costs: `N` a power of two; it takes `128 * N * r` bytes (RFC 7914 §2). */
export interface ScryptCost {
  N: number;
  r: number;
  p: number;
}

/** So many steps at a time: about a millisecond, and an even number of pauses for every `N` that is in use. */
const stepsPerSlice = 128;

/**
 * scrypt (RFC 7914) in slices of a millisecond, between which everything else that waits for this thread gets on:
 * workerd has one, and its own scrypt holds it for 100 ms, however it is called. The whole takes three times as long.
 * `pause` is awaited before every slice. The memory is taken a slice's rows at a time too: 32 MiB at once are 18 ms. It
 * is given back at the end, also of one that was broken off, and not when garbage is next collected, since an edge
 * that nobody uses collects none.
 */
export const scryptInSlices = async (
  password: string,
  salt: Uint8Array,
  length: number,
  { N, r, p }: ScryptCost,
  pause: () => Promise<void>,
): Promise<Buffer> => {
  const [words, laneBytes] = [32 * r, 128 * r];
  const mixed = pbkdf2Sync(password, salt, 1, p * laneBytes, 'sha256');
  const rows = Array.from({ length: Math.ceil(N / stepsPerSlice) }, (): Uint32Array<ArrayBuffer> | null => null);
  const rowsOf = (step: number): Uint32Array<ArrayBuffer> =>
    (rows[Math.floor(step / stepsPerSlice)] ??= new Uint32Array(Math.min(N, stepsPerSlice) * words));
  const [x, y] = [new Uint32Array(words), new Uint32Array(words)];
  try {
    for (let lane = 0; lane < p; lane++) {
      for (let word = 0; word < words; word++) x[word] = mixed.readUInt32LE(lane * laneBytes + word * 4);
      for (let step = 0; step < 2 * N; step++) {
        if (step % stepsPerSlice === 0) await pause();
        const row = step < N ? step : wordAt(x, words - 16) & (N - 1);
        const at = (row % stepsPerSlice) * words;
        if (step < N) rowsOf(row).set(x, at);
        else addRow(x, rowsOf(row), at);
        mixBlocks(x, y);
        x.set(y);
      }
      for (let word = 0; word < words; word++) mixed.writeUInt32LE(wordAt(x, word), lane * laneBytes + word * 4);
    }
    return pbkdf2Sync(password, mixed, 1, length, 'sha256');
  } finally {
    for (const each of rows) each?.buffer.transfer(0);
  }
};

const addRow = (x: Uint32Array, memory: Uint32Array, at: number): void => {
  for (let word = 0; word < x.length; word++) x[word] = wordAt(x, word) ^ wordAt(memory, at + word);
};

/** scryptBlockMix (RFC 7914 §4): each block goes through Salsa with the one before; the even ones come first. */
const mixBlocks = (x: Uint32Array, y: Uint32Array): void => {
  const blocks = x.length / 16;
  let [before, beforeAt] = [x, (blocks - 1) * 16];
  for (let block = 0; block < blocks; block++) {
    const at = ((block >> 1) + (block & 1) * (blocks >> 1)) * 16;
    salsa(before, beforeAt, x, block * 16, y, at);
    [before, beforeAt] = [y, at];
  }
};
