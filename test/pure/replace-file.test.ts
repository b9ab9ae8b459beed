import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writePrivateFile } from '../../host-agent/process/private-file.ts';
import { replaceFile } from '../../host-agent/process/replace-file.ts';

const freshDirectory = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'replace-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};

test('a file is replaced as a whole, also one that is a link: what it led to stays as it is', async () => {
  const dir = freshDirectory();
  writeFileSync(join(dir, 'other'), 'of somebody else');
  symlinkSync(join(dir, 'other'), join(dir, 'file'));

  await replaceFile(join(dir, 'file'), 'new');

  expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('new');
  expect(readFileSync(join(dir, 'other'), 'utf8')).toBe('of somebody else');
  expect(readdirSync(dir).sort()).toEqual(['file', 'other']);
});

test('a write that fails says so and leaves nothing behind', async () => {
  const dir = freshDirectory();
  mkdirSync(join(dir, 'a directory'));

  await expect(replaceFile(join(dir, 'a directory'), 'text')).rejects.toThrow('EISDIR');
  await expect(replaceFile(join(dir, 'missing', 'file'), 'text')).rejects.toThrow('ENOENT');

  expect(readdirSync(dir)).toEqual(['a directory']);
});

test('a private file is for its owner alone, whatever its mode was', async () => {
  const dir = freshDirectory();
  const path = join(dir, 'state', 'file');
  await writePrivateFile(path, 'one');
  expect(statSync(join(dir, 'state')).mode & 0o777).toBe(0o700);
  writeFileSync(path, 'two', { mode: 0o644 });
  await writePrivateFile(path, 'three');

  expect([statSync(path).mode & 0o777, readFileSync(path, 'utf8')]).toEqual([0o600, 'three']);
});
