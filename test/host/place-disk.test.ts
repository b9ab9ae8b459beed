// What a place holds on the disk, by the real warden, and what its agents are told where it is too much.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { noMount, unless } from '../support/needs.ts';
import { startPlaces } from '../support/places.ts';

const mib = 1024 * 1024;

describe.skipIf(noMount)(unless(noMount, 'a place'), () => {
  test('is measured with all that its user has, hidden from itself too, and without what others have', async () => {
    const places = await startPlaces();
    const ada = await places.mission('ada');
    const bob = await places.mission('bob');
    await places.bash(bob.directory, 'head -c 5M /dev/urandom > large');
    const before = await places.client.measure('ada');
    const write = (path: string) => `head -c 1M /dev/urandom > ${path}`;
    await places.bash(
      ada.directory,
      ['here', '~/there', '/tmp/tmp', '/var/tmp/tmp'].map(write).join('; ') +
        `; mkdir shut; ${write('shut/in')}; chmod 0 shut; ln -s ${bob.directory} link`,
    );

    const grown = ((await places.client.measure('ada')) ?? 0) - (before ?? 0);

    expect(grown).toBeGreaterThanOrEqual(5 * mib);
    expect(grown).toBeLessThan(6 * mib);
  });

  test('above its quota refuses a command with what to do, and runs what removes, and then everything again', async () => {
    const places = await startPlaces();
    const { mission, directory, owner } = await places.mission('ada');
    await places.hands.control.register({ mission, directory, owner, placeBytes: 2 * mib });
    const bash = (line: string) => places.bash(directory, line);
    await bash('head -c 4M /dev/urandom > large');
    await expect.poll(() => bash('echo it ran')).toContain('`place_bytes` is used up');

    expect(await places.call('write', { filePath: join(directory, 'more'), content: 'x' }, directory)).toContain('rm');
    expect(await bash('ls; rm large')).toContain('large');

    expect(await bash('echo it ran')).toContain('it ran');
  });
});
