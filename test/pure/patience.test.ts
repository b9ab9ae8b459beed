import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const tests = join(import.meta.dirname, '..');

/** What a figure measures is no limit, and the one place where limits are numbers. */
const leftOut = /^bench\/|^support\/patience\.ts$/;

/** A limit that is written where it is used: an option, a signal, the last argument of a test or a hook. */
const numbers = [/\btimeout: ?\d/, /AbortSignal\.timeout\(\d/, /^\s*\}, [\d_]{4,}\);?$/, /^ {2}[\d_]{4,},$/];

const limitsIn = (text: string): string[] => text.split('\n').filter((line) => numbers.some((one) => one.test(line)));

test('every limit of a test is from test/support/patience.ts, so that only a hang reaches it on whatever machine', async () => {
  const found: string[] = [];
  for await (const path of glob('**/*.ts', { cwd: tests })) {
    if (leftOut.test(path)) continue;
    found.push(...limitsIn(readFileSync(join(tests, path), 'utf8')).map((line) => `${path}: ${line.trim()}`));
  }

  expect(found).toEqual([]);
});

test('the tests of the edge move time by hand: they neither sleep nor replace the time of the whole isolate', async () => {
  const sleeping = /\b(setTimeout|setInterval|useFakeTimers|setSystemTime)\(|\bscheduler\.wait\b|timers\/promises/;
  const found: string[] = [];
  for await (const path of glob('edge/*.ts', { cwd: tests }))
    if (sleeping.test(readFileSync(join(tests, path), 'utf8'))) found.push(path);

  expect(found).toEqual([]);
});

test.each([
  ['{ timeout: ', '5_000 }'].join(''),
  ['AbortSignal.', 'timeout(5_000)'].join(''),
  ['}, ', '60_000);'].join(''),
])('%s is seen', (line) => {
  expect(limitsIn(line)).toEqual([line]);
});
