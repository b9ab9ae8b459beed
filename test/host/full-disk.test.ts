import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { StoreFull } from '../../host-agent/store/transaction.ts';
import type { MessageCommand } from '../../shared/commands.ts';
import { note } from '../support/host-store.ts';
import { startLab } from '../support/lab.ts';
import type { MissionHost } from '../support/mission-host.ts';
import { optionsFor, say, startHost, texts, types } from '../support/mission-lab.ts';
import { noMount, unless } from '../support/needs.ts';

let disk: string;
let lab: Awaited<ReturnType<typeof startLab>>;

beforeAll(async () => {
  disk = mkdtempSync(join(tmpdir(), 'small-disk-'));
  // Before OpenCode starts: it has a mount namespace of its own, in which later mounts don't show.
  if (noMount === undefined) spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
  lab = await startLab();
});
afterAll(async () => {
  await lab.close();
  if (noMount === undefined) spawnSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true, force: true });
});

/** A host whose store is on a small disk, beside an OpenCode that has room. */
const hostOnSmallDisk = async () => {
  const dir = mkdtempSync(join(disk, 'host-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const host = startHost(optionsFor(lab.openCode, { dir }));
  await host.store.outbox.recheck();
  host.dispatch.welcome();
  const filler = join(dir, 'filler');
  return {
    host,
    /** As others fill it, while the reserve of the outbox is still there. */
    fillBesideReserve: () => fillDisk(filler),
    fill: () => {
      fillDisk(filler);
      // What SQLite has set aside already takes some more rows, as does the reserve.
      for (let head = -1; head !== host.store.outbox.head().n; ) {
        head = host.store.outbox.head().n;
        for (const size of [100_000, 10_000, 1]) expect(() => appendUntilFull(host, size)).toThrow(StoreFull);
      }
    },
    makeRoom: async (): Promise<void> => {
      rmSync(filler);
      await host.store.outbox.recheck();
    },
  };
};

const fillDisk = (filler: string): void => {
  // Filled to the last byte, as intended.
  expect(() => writeFileSync(filler, Buffer.alloc(16 * 1024 * 1024))).toThrow('ENOSPC');
};

const appendUntilFull = (host: MissionHost, size: number): void => {
  for (let row = 0; row < 10_000; row++) host.store.outbox.append([note('x'.repeat(size))]);
};

/** Does what the link does: a wish to cancel that cannot be stored, since the disk is full, is passed on anyway. */
const interrupt = (host: MissionHost, { mission, id }: MessageCommand): void => {
  try {
    host.store.inbox.cancel({ mission, command: id });
  } catch (error) {
    // The last page that SQLite has set aside may still take it.
    if (!(error instanceof StoreFull)) throw error;
  }
  host.dispatch.interrupt({ mission, command: id });
};

test.skipIf(noMount)(
  unless(noMount, 'with a full disk a running turn is stopped at once, and its end is stored when there is room'),
  async () => {
    const { host, fill, makeRoom } = await hostOnSmallDisk();
    const command = say('SAY Before.\nWAIT never\nSAY After.');
    host.give(command);
    await lab.model.reached('never');
    await host.event('part.checkpoint', command.mission);
    fill();

    interrupt(host, command);

    const [request] = lab.model.requests.filter(({ userText }) => userText === command.args.content);
    await lab.model.asked((each) => each === request && each.outcome === 'client-closed');
    const record = host.store.missions.get(command.mission);
    await vi.waitFor(async () => {
      expect(await host.client.status(record?.directory ?? '', record?.session ?? '')).toMatchObject({ type: 'idle' });
    });
    expect(host.live.list()).toMatchObject([{ command: command.id, state: 'stopping' }]);
    expect(types(host, command.mission)).not.toContain('turn.ended');
    await makeRoom();
    expect(await host.ended(command.id)).toMatchObject({ outcome: 'cancelled', answer: [] });
    expect(texts(host, command.mission)).toEqual(['Before.']);
    expect(types(host, command.mission).filter((type) => type === 'turn.ended')).toHaveLength(1);
    expect(host.live.list()).toEqual([]);
  },
);

test.skipIf(noMount)(
  unless(noMount, 'with a full disk no message starts; one that is cancelled then never does, also when there is room'),
  async () => {
    const { host, fill, makeRoom } = await hostOnSmallDisk();
    const [cancelled, kept] = [say('SAY Never.'), say('SAY Later.')];
    host.store.inbox.accept([cancelled, kept]);
    fill();
    host.dispatch.commands();
    interrupt(host, cancelled);
    expect(host.live.list()).toEqual([]);
    expect(types(host, kept.mission)).toEqual([]);

    await makeRoom();

    expect((await host.ended(kept.id)).outcome).toBe('completed');
    expect(await host.event('command.finished', cancelled.mission)).toMatchObject({ outcome: 'cancelled' });
    expect(types(host, cancelled.mission)).toEqual(['mission.opened', 'command.finished']);
    expect(lab.model.requests.some(({ userText }) => userText === cancelled.args.content)).toBe(false);
  },
);

test.skipIf(noMount)(unless(noMount, 'with a full disk a turn that was ended at the edge is stopped'), async () => {
  const { host, fill, makeRoom } = await hostOnSmallDisk();
  const command = say('SAY Before.\nWAIT ended\nSAY After.');
  host.give(command);
  await lab.model.reached('ended');
  const [live] = host.live.list();
  fill();

  host.dispatch.endedTurns(live ? [live.turn] : []);

  await lab.model.asked(({ userText, outcome }) => userText === command.args.content && outcome === 'client-closed');
  await makeRoom();
  expect((await host.ended(command.id)).outcome).toBe('cancelled');
});

test.skipIf(noMount)(
  unless(noMount, 'a disk that others have filled has the reserve for what already runs, and nothing new begins'),
  async () => {
    const { host, fillBesideReserve, makeRoom } = await hostOnSmallDisk();
    const [running, waiting] = [say('SAY Before.\nWAIT reserve\nSAY After.'), say('SAY Later.')];
    host.give(running);
    await lab.model.reached('reserve');
    fillBesideReserve();

    for (let row = 0; row < 1_000 && !host.store.outbox.isFull(); row++)
      host.store.outbox.append([note('x'.repeat(5_000))]);
    expect(host.store.outbox.isFull()).toBe(true);
    lab.model.release('reserve');

    expect(await host.ended(running.id)).toMatchObject({ outcome: 'completed' });
    expect(texts(host, running.mission)).toEqual(['Before.After.']);
    host.give(waiting);
    expect(host.live.list()).toEqual([]);
    await makeRoom();
    expect(await host.ended(waiting.id)).toMatchObject({ outcome: 'completed' });
  },
);
