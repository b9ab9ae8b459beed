// Whatever dies around a place: what runs there goes on where it may, and nothing is left where it may not.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { callTool } from '../support/hands-client.ts';
import { startHandsProcess } from '../support/hands-process.ts';
import { noMount, unless } from '../support/needs.ts';
import { processesIn, startPlaces } from '../support/places.ts';

const stays = 'touch begun; until [ -e go ]; do sleep 0.05; done; echo went on';

describe.skipIf(noMount)(unless(noMount, 'a place'), () => {
  test('goes on without its warden, and a new one is waited for by whoever needs it', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');
    const running = places.bash(directory, stays);
    await expect.poll(() => existsSync(join(directory, 'begun'))).toBe(true);

    await places.warden.kill();
    expect(await places.bash(directory, 'echo still here')).toBe('still here');
    const next = places.mission('bob').then((mission) => places.bash(mission.directory, 'id -u'));
    writeFileSync(join(directory, 'go'), '');
    expect(await running).toBe('went on');
    places.warden.startAgain();

    expect(await next).toBe('700001');
  });

  test('ends with the hands, also when its agent stopped the actor, left its session and emptied its environment', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');
    void places
      .bash(directory, 'setsid env -i sleep 1000 & touch begun; kill -STOP $PPID; sleep 1000')
      .catch(() => undefined);
    await expect.poll(() => existsSync(join(directory, 'begun'))).toBe(true);
    expect(processesIn(directory)).not.toEqual([]);

    await places.hands.kill();

    await expect.poll(() => processesIn(directory)).toEqual([]);
  });

  test('ends with its actor, however that dies, and the next call has another', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');
    await places.bash(directory, 'setsid env -i sleep 1000 >/dev/null 2>&1 & echo');

    const said = await places.bash(directory, 'kill -9 $PPID; sleep 1000');

    expect(said).toContain('ended in the middle of this call');
    expect(await places.bash(directory, 'pgrep -c sleep || true')).toBe('0');
  });

  test('is not begun twice by an agent that ends its actor again and again', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');

    for (let turn = 0; turn < 5; turn += 1) await places.bash(directory, 'kill -9 $PPID; sleep 1000');

    expect(await places.bash(directory, 'ps -e -o comm= | grep -c "^node" || true')).toBe('1');
  });

  test('that can’t be made says so to the model, and why in the log', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');
    await places.hands.stop();
    execFileSync('rm', ['-r', places.config.places]);
    writeFileSync(places.config.places, 'in its place');
    const hands = await startHandsProcess({ state: places.state, warden: places.config.directory });
    try {
      const said = await callTool(hands.socket, { tool: 'glob', args: { pattern: '*' }, directory });
      expect(said.content[0]?.text).toContain("can't be started on this server");
    } finally {
      await hands.kill();
    }
    expect(places.warden.log()).toMatch(/EEXIST|ENOTDIR/);
  });
});
