import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runAgent } from '../../host-agent/agent.ts';
import { EdgePeer } from '../support/edge-peer.ts';
import { message, newHostId, ownWorkspace, temporaryDirectory } from '../support/host-store.ts';

/** A host-agent in this process, enrolled at `url`, with no OpenCode to talk to. */
const startAgent = (stateDir: string, url: string, id = newHostId()) => {
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(
    join(stateDir, 'host.json'),
    JSON.stringify({ id, url, credential: 'a-long-secret', epoch: 1, workspaceId: ownWorkspace }),
  );
  const stopping = new AbortController();
  const workingDir = temporaryDirectory();
  const done = runAgent(
    { stateDir, workingDir, permissive: true, stopAfterRepeats: 3, slots: 3, hands: false },
    stopping.signal,
  );
  const stop = (): typeof done => {
    stopping.abort();
    return done;
  };
  onTestFinished(async () => {
    await stop();
  });
  return { id, workingDir, done, stop };
};

test('it starts with the edge and OpenCode away, and stops when told', async () => {
  const { stop } = startAgent(temporaryDirectory(), 'http://127.0.0.1:1');

  await expect(stop()).resolves.toBe('stopped');
});

test('a server that is not enrolled is told how to be', async () => {
  const stopping = new AbortController();

  const started = runAgent(
    {
      stateDir: temporaryDirectory(),
      workingDir: '/tmp',
      permissive: true,
      stopAfterRepeats: 3,
      slots: 3,
      hands: false,
    },
    stopping.signal,
  );

  await expect(started).rejects.toThrow(/not enrolled.*openagent enroll/);
});

test('a server that is enrolled anew lets go of its link, to begin with the new credential', async () => {
  const peer = await EdgePeer.start();
  const stateDir = temporaryDirectory();
  const { id, done } = startAgent(stateDir, peer.url);
  const dial = await peer.greeted();
  writeFileSync(
    join(stateDir, 'host.json'),
    JSON.stringify({ id, url: peer.url, credential: 'another', epoch: 2, workspaceId: ownWorkspace }),
  );

  await expect(done).resolves.toBe('enrolled anew');
  expect(await dial.ended()).toMatchObject({ code: 1000 });
});

test('with OpenCode away it takes commands in, keeps them over a restart, and reports them as open', async () => {
  const peer = await EdgePeer.start();
  const stateDir = temporaryDirectory();
  const first = startAgent(stateDir, peer.url);
  const command = message();
  const dial = await peer.greeted();
  dial.send({ type: 'commands', commands: [command] });
  expect((await dial.next('received')).ids).toEqual([command.id]);
  await first.stop();
  expect(await dial.ended()).toMatchObject({ code: 1000 });

  const second = startAgent(stateDir, peer.url, first.id);
  const hello = await (await peer.dialled()).next('hello');

  expect(hello.commands).toEqual([command.id]);
  const orders = ['mission.archive', 'mission.delete'];
  const [prepares, working_dir] = [true, second.workingDir];
  expect(hello.capabilities).toEqual({ agents: null, working_dir, slots: 3, orders, prepares });
});

test('what a welcome does not name is given up, what comes after it is not', async () => {
  const peer = await EdgePeer.start();
  const stateDir = temporaryDirectory();
  const first = startAgent(stateDir, peer.url);
  const [old, named, later] = [message(), message(), message()];
  const dial = await peer.greeted();
  dial.send({ type: 'commands', commands: [old, named] });
  await dial.next('received');
  await first.stop();
  startAgent(stateDir, peer.url, first.id);

  const second = await peer.greeted({ commands: [{ received: true, command: named }] });
  second.send({ type: 'commands', commands: [later] });
  await second.next('received');
  second.cut();

  expect((await (await peer.dialled()).next('hello')).commands).toEqual([named.id, later.id]);
});
