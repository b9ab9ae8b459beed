import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const script = readFileSync(join(import.meta.dirname, '..', '..', 'worker', 'install', 'install.sh.txt'), 'utf8');
const lines = script.trimEnd().split('\n');

/** Runs shell text where no program can be found: what it does by itself shows. */
const runAlone = (text: string) => spawnSync('/bin/sh', ['-s'], { input: text, env: { PATH: '' }, encoding: 'utf8' });

test('half a download of the installer does nothing, wherever it ends', () => {
  const doing = lines.slice(0, -1).flatMap((_, count) => {
    const { stdout, stderr } = runAlone(lines.slice(0, count).join('\n'));
    return stdout !== '' || /not found|Open Agent/.test(stderr) ? [`${count} lines: ${stdout}${stderr}`] : [];
  });

  expect(doing).toEqual([]);
});

test('the lock of the installer lies where only root can write, and stays', () => {
  const lock = /^LOCK=(\S+)$/m.exec(script)?.[1] ?? '';

  expect(statSync(dirname(lock)).mode & 0o022, dirname(lock)).toBe(0);
  expect(statSync(dirname(lock)).uid).toBe(0);
  expect(lines.filter((line) => /\brm\b.*LOCK/.test(line))).toEqual([]);
});

test('the whole installer begins with its checks', () => {
  const { status, stderr } = runAlone(script);

  expect(status).not.toBe(0);
  expect(stderr).toMatch(/not found|Open Agent/);
});
