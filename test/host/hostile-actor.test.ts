// What an actor says may be anything: later it runs as somebody else, beside the code of an agent.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { callTool } from '../support/hands-client.ts';
import { type HandsProcess, startHandsProcess } from '../support/hands-process.ts';
import { startHands } from '../support/running-hands.ts';

const actor = [process.execPath, '--no-warnings', join(import.meta.dirname, '../support/hostile-actor.ts')];

/** The same for all: whatever an actor says, they go on. */
let hands: HandsProcess;
let directory: string;
beforeAll(async () => {
  hands = await startHandsProcess({ testTools: true, actor });
  directory = await hands.mission('m1');
});
afterAll(() => hands.close());

const odd = (as: string, call?: string) => callTool(hands.socket, { tool: 'odd', args: { as }, directory, call });

test.each([
  'no JSON',
  'no frame',
  'a line without an end',
  'an endless piece of live output',
  'an id that is no number',
  'its own end',
])('an actor that says %s is ended, its call fails, and the next one has a new actor', async (as) => {
  expect(await odd(as)).toMatchObject({
    isError: true,
    structuredContent: { kind: 'failed', text: expect.stringContaining('in the middle of this call') },
  });
  const ended = hands.actor();
  expect(await odd("others' ids")).toMatchObject({ isError: false });
  expect(hands.actor()).not.toBe(ended);
});

test.each([
  'an outcome of no kind',
  'a text without an end',
  'a view that is too large',
  'an image that is none',
  'an image that is not base64',
  'asks without end',
])('%s fails its own call alone', async (as) => {
  const other = odd('nothing', 'call_other');
  await vi.waitFor(async () => expect((await hands.control.health()).calls).toBe(1));

  expect(await odd(as)).toMatchObject({
    structuredContent: { kind: 'failed', text: expect.stringContaining('is not an answer') },
  });
  const before = hands.actor();
  expect((await hands.control.health()).calls).toBe(1);
  expect(await odd('its outcome twice')).toMatchObject({ structuredContent: { text: 'a text' } });
  expect(hands.actor()).toBe(before);
  process.kill(hands.actor(), 'SIGKILL');
  expect(await other).toMatchObject({ isError: true });
});

test('what is said for calls that nobody has made goes nowhere', async () => {
  expect(await odd("others' ids", 'call_mine')).toMatchObject({ structuredContent: { text: 'a text' } });

  const told = [];
  for await (const line of hands.control.events(null, new AbortController().signal)) {
    if (!('call' in line) || line.call !== 'call_mine') continue;
    told.push(line.type);
    if (line.type === 'ended') break;
  }
  expect(told).toEqual(['begun', 'ended']);
});

test('an actor that can’t be started fails the call with the reason', async () => {
  const others = await startHands({ testTools: true, actor: [join(import.meta.dirname, 'missing')] });
  const place = await others.mission('m1');

  expect(await callTool(others.socket, { tool: 'say', args: { text: 'a' }, directory: place })).toMatchObject({
    isError: true,
  });
});
