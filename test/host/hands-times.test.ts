// What the hands do as time passes, which only the test moves; their actors are real.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { idleMs } from '../../host-agent/hands/actor/actors.ts';
import { handsControl } from '../../host-agent/hands/control/client.ts';
import { runHands } from '../../host-agent/hands/hands.ts';
import { progressMs } from '../../host-agent/hands/server/progress.ts';
import { handsSockets } from '../../host-agent/hands/socket.ts';
import { containmentMeans } from '../../host-agent/process/means.ts';
import { handClock } from '../support/hand-clock.ts';
import { callTool } from '../support/hands-client.ts';
import { callServer, localEntry } from '../support/mcp-client.ts';
import { declaredTestTools } from '../support/test-tools.ts';

const start = async () => {
  const state = mkdtempSync(join(tmpdir(), 'hands-'));
  const directory = join(state, 'hands');
  const clock = handClock();
  const stop = new AbortController();
  const program = join(import.meta.dirname, '../support/hands-program.ts');
  const actor = [process.execPath, '--no-warnings', program, 'actor-child'];
  const config = {
    directory,
    secretFiles: [],
    secretFolders: [],
    actor,
    means: await containmentMeans(),
    warden: null,
  };
  const running = runHands(config, clock, stop.signal, declaredTestTools);
  onTestFinished(async () => {
    stop.abort();
    await running;
    rmSync(state, { recursive: true, force: true });
  });
  const control = handsControl(directory);
  await vi.waitFor(() => control.health());
  const work = join(state, 'm1');
  mkdirSync(work);
  await control.register({ mission: 'm1', directory: work, owner: 'ada' });
  return { clock, control, socket: handsSockets(directory).calls, directory: work };
};

test('a call that takes long says every ten seconds that it runs', async () => {
  const { clock, control, socket, directory } = await start();
  const said: unknown[] = [];
  const seconds = '1000';
  const call = callTool(socket, {
    tool: 'run',
    args: { seconds },
    directory,
    onProgress: (progress) => said.push(progress),
  });
  await clock.awaited(progressMs);

  clock.advance(3 * progressMs);

  await vi.waitFor(() => expect(said).toHaveLength(3));
  expect(said).toEqual(
    [10, 20, 30].map((progress) => ({ progressToken: 'p', progress, message: `It has run for ${progress} s.` })),
  );
  await vi.waitFor(async () => expect(await control.cancel('m1')).toBe(1));
  await call;
  expect(clock.waits()).not.toContain(progressMs);
});

test('so does a call of an MCP server, which has no limit either', async () => {
  const { clock, control, socket, directory } = await start();
  const said: unknown[] = [];
  const onProgress = (progress: unknown) => said.push(progress);
  const call = callServer(socket, { directory, definition: localEntry(), tool: 'wait', onProgress });
  const ended = expect(call).rejects.toThrow();
  await clock.awaited(progressMs);

  clock.advance(7 * progressMs);

  await vi.waitFor(() => expect(said).toHaveLength(7));
  expect(said.at(-1)).toMatchObject({ progressToken: 1, progress: 70 });
  expect(await control.cancel('m1')).toBe(1);
  await ended;
  expect(clock.waits()).not.toContain(progressMs);
});

test('an actor without calls ends after a while, and the next call has another one', async () => {
  const { clock, control, socket, directory } = await start();
  const say = () => callTool(socket, { tool: 'say', args: { text: 'a' }, directory });
  await say();
  await clock.awaited(idleMs);
  expect((await control.health()).actors).toBe(1);

  clock.advance(idleMs);

  await vi.waitFor(async () => expect((await control.health()).actors).toBe(0));
  expect(await say()).toMatchObject({ isError: false });
});

test('an actor is not ended while a call runs, however long that is', async () => {
  const { clock, control, socket, directory } = await start();
  const call = callTool(socket, { tool: 'run', args: { seconds: '1000' }, directory });
  await clock.awaited(progressMs);

  // From when it is in its actor; the mission was told of before, for which the actor was begun.
  await vi.waitFor(() => expect(clock.waits()).not.toContain(idleMs));
  clock.advance(10 * idleMs);

  expect(await control.health()).toMatchObject({ actors: 1, calls: 1 });
  await vi.waitFor(async () => expect(await control.cancel('m1')).toBe(1));
  await call;
});
