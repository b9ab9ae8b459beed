import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { handsSession } from '../support/hands.ts';
import { noMount, unless } from '../support/needs.ts';

test.skipIf(noMount)(
  unless(noMount, 'on a full disk a file keeps its content, nothing is left, and the model is told'),
  async () => {
    const { directory, text, failure } = handsSession();
    const disk = join(directory, 'disk');
    mkdirSync(disk);
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    onTestFinished(() => void spawnSync('umount', ['-l', disk]));
    writeFileSync(join(disk, 'a.txt'), 'one\n');
    await text('read', { filePath: 'disk/a.txt' });

    const large = 'x'.repeat(2 * 1024 * 1024);
    expect(await failure('write', { filePath: 'disk/a.txt', content: large })).toContain('The disk is full');
    expect(await failure('write', { filePath: 'disk/b.txt', content: large })).toContain('The disk is full');

    expect(readdirSync(disk)).toEqual(['a.txt']);
    expect(readFileSync(join(disk, 'a.txt'), 'utf8')).toBe('one\n');
  },
);

test.skipIf(noMount)(
  unless(noMount, 'a file that is mounted itself is changed, though nothing can be renamed over it'),
  async () => {
    const { directory, put, text } = handsSession();
    const original = put('original.txt', 'one\ntwo\n');
    const mounted = put('mounted.txt', '');
    spawnSync('mount', ['--bind', original, mounted]);
    onTestFinished(() => void spawnSync('umount', ['-l', mounted]));

    await text('edit', { filePath: 'mounted.txt', oldString: 'one', newString: '1' });

    expect(readFileSync(original, 'utf8')).toBe('1\ntwo\n');
    expect(readdirSync(directory)).toEqual(['mounted.txt', 'original.txt']);
  },
);
