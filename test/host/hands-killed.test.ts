// Hands and actors that are killed, stopped and started again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { identityOf, isAlive } from '../../host-agent/process/identity.ts';
import { callTool } from '../support/hands-client.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';
import { startHands } from '../support/running-hands.ts';

/** Tools that do what a test says. */
const withTestTools = { testTools: true } as const;

test('hands that are killed in the middle of a command end it, tell its caller at once, and never run it again', async () => {
  const hands = await startHands(withTestTools);
  const directory = await hands.mission('m1');
  const seconds = uniqueSeconds();
  const call = callTool(hands.socket, { tool: 'run', args: { seconds }, directory });
  call.catch(() => undefined); // It rejects while the hands are still being killed.
  await vi.waitFor(() => expect(processesWith(seconds)).toHaveLength(1));
  const actor = identityOf(hands.actor());

  await hands.kill();

  await expect(call).rejects.toThrow(/socket hang up|ECONNRESET|aborted/);
  await vi.waitFor(() => expect(processesWith(seconds)).toEqual([]));
  await vi.waitFor(() => expect(actor && isAlive(actor)).toBe(false));
  // The next ones know the mission, and the socket that was left is no hindrance.
  expect(existsSync(hands.socket)).toBe(true);
  const again = await startHands({ ...withTestTools, state: hands.state });
  expect(await callTool(again.socket, { tool: 'say', args: { text: 'a' }, directory })).toMatchObject({
    isError: false,
  });
  expect(readFileSync(join(directory, 'runs'), 'utf8')).toBe(`${seconds}\n`);
});

test('an actor that is killed in the middle of a command fails that call, and the next one starts another', async () => {
  const hands = await startHands(withTestTools);
  const directory = await hands.mission('m1');
  const seconds = uniqueSeconds();
  const call = callTool(hands.socket, { tool: 'run', args: { seconds }, directory });
  await vi.waitFor(() => expect(processesWith(seconds)).toHaveLength(1));
  const killed = hands.actor();

  process.kill(killed, 'SIGKILL');

  expect(await call).toMatchObject({
    isError: true,
    structuredContent: { text: expect.stringMatching(/ended by SIGKILL in the middle of this call/) },
  });
  await vi.waitFor(() => expect(processesWith(seconds)).toEqual([]));
  expect(await callTool(hands.socket, { tool: 'say', args: { text: 'a' }, directory })).toMatchObject({
    isError: false,
  });
  expect(hands.actor()).not.toBe(killed);
  expect(readFileSync(join(directory, 'runs'), 'utf8')).toBe(`${seconds}\n`);
});

test('an orderly end takes along what runs', async () => {
  const hands = await startHands(withTestTools);
  const seconds = uniqueSeconds();
  const call = callTool(hands.socket, { tool: 'run', args: { seconds }, directory: await hands.mission('m1') });
  call.catch(() => undefined);
  await vi.waitFor(() => expect(processesWith(seconds)).toHaveLength(1));

  await hands.stop();

  await expect(call).rejects.toThrow();
  expect(processesWith(seconds)).toEqual([]);
});

test('a second process does not take the sockets of hands that run', async () => {
  const hands = await startHands(withTestTools);

  await expect(startHands({ ...withTestTools, state: hands.state })).rejects.toThrow('another process listens on');
  expect(await hands.control.health()).toMatchObject({ pid: hands.pid });
});

test('a mission is known to the next hands, one that was forgotten is not, and a line that was cut short is no hindrance', async () => {
  const hands = await startHands(withTestTools);
  const [one, two] = [await hands.mission('m1'), await hands.mission('m2')];
  await hands.control.forget('m2');
  await hands.kill();
  const file = join(hands.config.directory, 'missions.ndjson');
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"mission":"m3","direc`);

  const again = await startHands({ ...withTestTools, state: hands.state });

  expect((await again.control.health()).missions).toBe(1);
  expect(await callTool(again.socket, { tool: 'say', args: { text: 'a' }, directory: one })).toMatchObject({
    isError: false,
  });
  expect(await callTool(again.socket, { tool: 'say', args: { text: 'a' }, directory: two })).toMatchObject({
    isError: true,
  });
});
