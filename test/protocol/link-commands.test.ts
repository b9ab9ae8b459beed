import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { turnId } from '../../shared/ids.ts';
import { EdgePeer } from '../support/edge-peer.ts';
import { message, newCommandId, newMissionId, temporaryDirectory, temporaryStore } from '../support/host-store.ts';
import { noMount, unless } from '../support/needs.ts';
import { runningLink } from '../support/running-link.ts';

test('a command is committed by the time it is started and received', async () => {
  const path = join(temporaryDirectory(), 'host-agent.sqlite');
  const [peer, store] = [await EdgePeer.start(), temporaryStore(path)];
  const other = new DatabaseSync(path, { readOnly: true });
  onTestFinished(() => other.close());
  const committed: unknown[] = [];
  // What another connection sees is what was committed.
  runningLink(store, peer, { onCommands: () => committed.push(other.prepare('SELECT id FROM inbox').all()) });
  const dial = await peer.greeted();
  const command = message();

  dial.send({ type: 'commands', commands: [command] });

  expect((await dial.next('received')).ids).toEqual([command.id]);
  expect(committed).toEqual([[{ id: command.id }]]);
});

test('a command that could not be committed is neither received nor started', async () => {
  const path = join(temporaryDirectory(), 'host-agent.sqlite');
  const [peer, store] = [await EdgePeer.start(), temporaryStore(path)];
  const { told } = runningLink(store, peer);
  const other = new DatabaseSync(path);
  onTestFinished(() => other.close());
  other.exec("CREATE TRIGGER broken BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'broken'); END");
  const command = message();
  const first = await peer.greeted();

  first.send({ type: 'commands', commands: [command] });
  expect(await first.ended()).toMatchObject({ code: 1011 });
  expect(first.all('received')).toEqual([]);
  expect(told.filter(([what]) => what === 'commands')).toEqual([]);

  other.exec('DROP TRIGGER broken');
  const second = await peer.greeted({ commands: [{ received: false, command }] });
  expect((await second.next('received')).ids).toEqual([command.id]);
  expect(told).toContainEqual(['commands', [command.id]]);
});

test('a command that comes again is received again and started once', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { told } = runningLink(store, peer);
  const [command, next] = [message(), message()];
  const first = await peer.greeted();
  first.send({ type: 'commands', commands: [command] });
  await first.next('received');
  first.cut();

  const second = await peer.greeted({ commands: [{ received: false, command }] });
  expect((await second.next('received')).ids).toEqual([command.id]);
  second.send({ type: 'commands', commands: [command, next] });
  expect((await second.next('received')).ids).toEqual([command.id, next.id]);

  expect(told.filter(([what]) => what === 'commands')).toEqual([
    ['commands', [command.id]],
    ['commands', [next.id]],
  ]);
});

test('a command the edge knows to be received is not taken in again', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { told } = runningLink(store, peer);
  const [lost, fresh] = [message(), message()];

  const dial = await peer.greeted({
    commands: [
      { received: true, command: lost },
      { received: false, command: fresh },
    ],
  });
  const received = await dial.next('received');

  expect(received.ids).toEqual([fresh.id]);
  expect(store.inbox.has(lost.id)).toBe(false);
  expect(told).toContainEqual(['commands', [fresh.id]]);
});

test('interrupts and ended turns of a welcome come before it, and it before its commands', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const running = message();
  store.inbox.accept([running]);
  const cancelledWhenTold: boolean[] = [];
  const { told } = runningLink(store, peer, {
    onInterrupt: (interrupt) => {
      cancelledWhenTold.push(store.inbox.isCancelled(interrupt.command));
      told.push(['interrupt', interrupt]);
    },
  });
  const interrupt = { mission: running.mission, command: running.id };
  const turn = turnId.parse(newCommandId());
  const next = message({ mission: running.mission });

  const dial = await peer.greeted({
    interrupts: [interrupt],
    ended_turns: [turn],
    commands: [{ received: false, command: next }],
  });
  await dial.next('received');

  expect(told).toEqual([
    ['interrupt', interrupt],
    ['ended turns', [turn]],
    ['welcome', null],
    ['commands', [next.id]],
  ]);
  expect(cancelledWhenTold).toEqual([true]);
});

test('a command that was cancelled before it came never starts and ends cancelled', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { told } = runningLink(store, peer);
  const command = message();
  const dial = await peer.greeted();

  dial.send({ type: 'interrupt', interrupt: { mission: command.mission, command: command.id } });
  dial.send({ type: 'commands', commands: [command] });
  await dial.next('received');
  const [row] = await peer.stored(1);

  expect(told.map(([what]) => what)).toEqual(['welcome', 'interrupt']);
  expect(row?.item).toMatchObject({
    mission: command.mission,
    event: { type: 'command.finished', command: command.id, outcome: 'cancelled' },
  });
  expect(store.inbox.open()).toEqual([]);
});

test('a command this version does not understand is received and failed, and its neighbour starts', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { told } = runningLink(store, peer);
  const strange = { id: newCommandId(), mission: newMissionId(), kind: 'teleport', to: 'Mars' };
  const good = message();
  const dial = await peer.greeted();

  dial.send({ type: 'commands', commands: [strange, good] });
  expect((await dial.next('received')).ids).toEqual([strange.id, good.id]);
  const [row] = await peer.stored(1);

  expect(row?.item).toMatchObject({
    mission: strange.mission,
    event: {
      type: 'command.finished',
      command: strange.id,
      outcome: 'failed',
      text: expect.stringContaining('Update'),
    },
  });
  expect(told).toContainEqual(['commands', [good.id]]);
  expect(store.inbox.open().map(({ id }) => id)).toEqual([good.id]);
});

test('hello names a finished command until the row of its end is acknowledged', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  peer.acks = false;
  runningLink(store, peer);
  const command = message();
  const first = await peer.greeted();
  first.send({ type: 'commands', commands: [command] });
  await first.next('received');
  store.outbox.append(
    [
      {
        at: 1,
        mission: command.mission,
        event: { type: 'command.finished', command: command.id, outcome: 'finished', text: '' },
      },
    ],
    () => store.inbox.end(command.id),
  );
  await peer.stored(1);
  first.cut();

  const second = await peer.dialled();
  expect((await second.next('hello')).commands).toEqual([command.id]);
  second.welcome();
  await peer.until(() => (store.outbox.ackedOf(store.run) === 1 ? true : undefined));
  second.cut();

  const third = await peer.dialled();
  expect((await third.next('hello')).commands).toEqual([]);
});

test('calls are answered: a value, an expected failure, and an unexpected one without its details', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  runningLink(store, peer, {
    onCall: async (method, args) => {
      if (method === 'echo') return args;
      if (method === 'missing') throw new AppError('not_found', 'No such file');
      throw new Error('password hunter2');
    },
  });
  const dial = await peer.greeted();

  dial.send({ type: 'call', id: '1', method: 'echo', args: { a: 1 } });
  expect(await dial.next('result')).toEqual({ type: 'result', id: '1', ok: true, value: { a: 1 } });
  dial.send({ type: 'call', id: '2', method: 'missing', args: null });
  expect(await dial.next('result')).toMatchObject({
    id: '2',
    ok: false,
    value: { code: 'not_found', message: 'No such file' },
  });
  dial.send({ type: 'call', id: '3', method: 'broken', args: null });
  const broken = await dial.next('result');

  expect(broken).toMatchObject({ id: '3', ok: false, value: { code: 'internal' } });
  expect(JSON.stringify(broken)).not.toContain('hunter2');
});

test.skipIf(noMount)(
  unless(noMount, 'with a full disk interrupts still work, and commands are received once there is room'),
  async () => {
    const disk = join(temporaryDirectory(), 'disk');
    mkdirSync(disk);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status).toBe(0);
    onTestFinished(() => {
      spawnSync('umount', ['-l', disk]);
    });
    const [peer, store] = [await EdgePeer.start(), temporaryStore(join(disk, 'host-agent.sqlite'))];
    const { told, line } = runningLink(store, peer);
    const dial = await peer.greeted();
    await line('link.up');
    const filler = join(disk, 'filler');
    try {
      writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024));
    } catch {
      // Filled to the last byte, as intended.
    }
    const base = message();
    const large = Array.from({ length: 60 }, () => message({ args: { ...base.args, content: 'x'.repeat(100_000) } }));

    dial.send({ type: 'commands', commands: large });
    await line('link.commands_held');
    dial.send({ type: 'interrupt', interrupt: { mission: base.mission, command: base.id } });
    await peer.until(() => (told.some(([what]) => what === 'interrupt') ? true : undefined));
    expect(dial.all('received')).toEqual([]);
    expect(store.inbox.open()).toEqual([]);

    // The 60 commands need more than the 4 MB as a whole: make the disk larger, as a person would.
    rmSync(filler);
    expect(spawnSync('mount', ['-o', 'remount,size=64m', disk]).status).toBe(0);
    await store.outbox.recheck();

    expect((await dial.next('received')).ids).toEqual(large.map(({ id }) => id));
    expect(store.inbox.open()).toHaveLength(60);
    store.close();
  },
);

test('what is to be ready is passed on as it is told, in each session, and a server says that it does this', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { told } = runningLink(store, peer);
  const missions = [newMissionId(), newMissionId()];
  const dial = await peer.greeted();
  expect(dial.all('hello')[0]?.capabilities).toMatchObject({ prepares: true });

  dial.send({ type: 'prepare', missions });

  await peer.until(() => told.find(([what]) => what === 'prepare'));
  expect(told).toContainEqual(['prepare', missions]);
});
