// What an actor says may be anything: later it runs as somebody else, beside the code of an agent.
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { filesInPlace } from '../../host-agent/files/in-place.ts';
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

const put = (name: string, bytes: AsyncIterable<Uint8Array> = Readable.from([])) => {
  const roots = { workingDir: hands.state, stateDir: hands.state };
  const scope = { current: null, missions: [], everything: false };
  return filesInPlace({ control: hands.control, owner: 'ada', roots, ensure: async () => undefined }).put(
    { scope, path: '/a', name },
    bytes,
  );
};

test.each(['more bytes than it was granted', 'a piece of a file that is too large', 'a reply without an end'])(
  'an actor that says %s is ended, its act on files fails, and the next one has a new actor',
  async (as) => {
    const stored = { path: '/a', name: 'a' };
    expect(await put("others' bytes")).toEqual(stored);
    const before = hands.actor();

    await expect(put(as)).rejects.toMatchObject({ code: expect.stringMatching(/^(internal|unavailable)$/) });

    await vi.waitFor(async () => expect(await put("others' bytes").catch(() => null)).toEqual(stored));
    expect(hands.actor()).not.toBe(before);
  },
);

test.each([
  ['another reply', 'is no answer'],
  ['no reply', 'without a reply'],
  ['a failure of no kind', 'no'],
])('%s to an act on files is no file that was put', async (as, text) => {
  await expect(put(as)).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining(text) });
});

test('an actor that grants without end and reads nothing is sent no more than a pipe and the hands have room for', async () => {
  let sent = 0;
  async function* bytes() {
    for (; sent < 200; sent++) yield Buffer.alloc(1024 * 1024);
  }
  const putting = put('grants without an end', bytes());
  putting.catch(() => undefined);
  await vi.waitFor(() => expect(sent).toBeGreaterThan(0));
  // Each of these goes the same way, and comes back.
  for (let count = 0; count < 200; count++) await hands.control.health();

  expect(sent).toBeLessThan(20);
  process.kill(hands.actor(), 'SIGKILL');
  await expect(putting).rejects.toMatchObject({ code: 'unavailable' });
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
