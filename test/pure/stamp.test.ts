import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isStamped, keepStamp, stampOf } from '../../tools/stamp.mjs';

let root: string;
const at = (...path: string[]) => join(root, ...path);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'openagent-stamp-'));
  for (const directory of ['dist', 'worker/http', 'node_modules']) mkdirSync(at(directory), { recursive: true });
  writeFileSync(at('worker', 'http', 'a.ts'), 'one');
  writeFileSync(at('node_modules', '.package-lock.json'), '{}');
  keepStamp(root, stampOf(root));
});
afterEach(() => rmSync(root, { recursive: true }));

test('what nobody has touched needs no other look', () => {
  expect(isStamped(root, stampOf(root))).toBe(true);
});

test.each<[string, () => void]>([
  [
    'a source with as many bytes and its old time',
    () => {
      const { atime, mtime, ctimeMs } = statSync(at('worker', 'http', 'a.ts'));
      // Older kernels tell two changes apart only when a tick of 4 ms lies between them.
      while (statSync(at('worker', 'http', 'a.ts')).ctimeMs === ctimeMs) {
        writeFileSync(at('worker', 'http', 'a.ts'), 'two');
        utimesSync(at('worker', 'http', 'a.ts'), atime, mtime);
      }
    },
  ],
  ['a new source', () => writeFileSync(at('worker', 'http', 'b.ts'), '')],
  ['a source that is gone', () => rmSync(at('worker', 'http', 'a.ts'))],
  ['what npm installed', () => writeFileSync(at('node_modules', '.package-lock.json'), '{"packages":{}}')],
  ['a build', () => rmSync(at('dist', 'stamp.txt'))],
])('%s is seen', (_, touch) => {
  touch();

  expect(isStamped(root, stampOf(root))).toBe(false);
});

test('where dist can not be written, nothing is kept and the next start reads all again', () => {
  rmSync(at('dist'), { recursive: true });

  keepStamp(root, stampOf(root));

  expect(isStamped(root, stampOf(root))).toBe(false);
  expect(() => readFileSync(at('dist', 'stamp.txt'))).toThrow();
});
