// Outputs that are too large, too long, no text, or cut in the worst place, by way of every real part.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { maxEventBytes } from '../../shared/limits.ts';
import {
  expectAskedOnce,
  expectSameAsModel,
  expectSameAsOpenCode,
  modelRecord,
  type StoredEvent,
  storedEvents,
} from '../support/comparison.ts';
import { callsOf, expectAgreed, expectSeen, expectWhole } from './case.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

useOneLaboratory();

/** A secret of the laboratory: the key of its provider. */
const secret = 'lab-api-key';

const run = async (script: string): Promise<{ mission: string; events: StoredEvent[] }> => {
  const { mission } = await me.say(script);
  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'completed' });
  const events = await storedEvents(me, mission);
  expectSeen(viewer, mission, events);
  await expectAgreed(lab, me, mission, 'completed');
  return { mission, events };
};

const bash = (command: string, description: string): string => `TOOL bash ${JSON.stringify({ command, description })}`;

const resultsOf = (events: readonly StoredEvent[]): string[] =>
  events.filter(({ event_type }) => event_type === 'tool_result').map(({ content }) => JSON.parse(content));
const resultOf = (events: readonly StoredEvent[]): string => resultsOf(events)[0] ?? '';

/** The file in the mission's `temp` that a result names. */
const keptIn = (result: string): string => /\/\S+\/temp\/\w+\.txt/.exec(result)?.[0] ?? '';

test('a tool output of 2.5 MB is a preview that says where the whole is', async () => {
  const { events } = await run(`${bash('seq 1 400000', 'large-output')}\nSAY Counted.`);

  const result = resultOf(events);
  expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(maxEventBytes);
  const whole = readFileSync(keptIn(result), 'utf8');
  expect(whole.length).toBeGreaterThan(2_000_000);
  expect([whole.startsWith('1\n2\n3\n'), whole.endsWith('\n400000\n')]).toEqual([true, true]);
});

test('a line of 1 MB is cut, and what follows it arrives', async () => {
  const { mission, events } = await run(
    `${bash("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo behind it", 'long-line')}\nSAY Read on.`,
  );

  const result = resultOf(events);
  expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(maxEventBytes);
  expect(events.at(-1)?.content).toBe('Read on.');
  expectSameAsOpenCode(events, await lab.openCodeHistory(mission));
});

test('an output that is no text is described and kept as it is, and one with a wrong byte is shown', async () => {
  const { events } = await run(
    `${bash("printf 'a\\377\\376\\200b\\303'; printf '\\0c'", 'no-text')}\n${bash("printf 'a text with \\303 in it'", 'wrong-byte')}\nSAY Shown.`,
  );

  const [noText = '', wrongByte = ''] = resultsOf(events);
  expect(noText).toMatch(/8 bytes that are no text/);
  expect(readFileSync(keptIn(noText), 'latin1')).toBe('a\xff\xfe\x80b\xc3\0c');
  expect(wrongByte).toBe('a text with \uFFFD in it');
  expect(events.at(-1)?.content).toBe('Shown.');
});

test('an emoji that a chunk cuts in two is whole', async () => {
  const { mission, events } = await run(
    'CHUNKS ["half \\ud83d", "\\ude00 and \\ud83d", "\\udc68\\u200d", "\\ud83d\\udc69 whole"]\nSAY of cut-emoji',
  );

  expect(events.at(-1)?.content).toBe('half 😀 and 👨‍👩 wholeof cut-emoji');
  await expectWhole(lab, me, mission, 'cut-emoji');
});

test('half a character is one replacement character for the agent, every viewer and the history', async () => {
  const { mission, events } = await run('CHUNKS ["half \\ud83d", " of it"]\nof half-a-character \ud83d');

  const asked = 'of half-a-character \ufffd';
  expect(callsOf(lab, 'half-a-character').map(({ userText }) => userText.split('\n').at(-1))).toEqual([asked]);
  expect(events.find(({ event_type }) => event_type === 'user_message')?.content.endsWith(asked)).toBe(true);
  expect(events.at(-1)?.content).toBe('half \ufffd of it');
  const { history } = (await me.call('GET', `/api/control/missions/${mission}`)).json;
  expect(history.at(-1)).toMatchObject({ role: 'assistant', content: 'half \ufffd of it' });
});

test('an emoji on the border of a checkpoint is whole', async () => {
  // An odd number before it puts some surrogate pair on every border of 32 KB.
  const { mission, events } = await run(
    'SAY x\nREPEAT 400 😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀\nSAY checkpoint-emoji',
  );

  expect(events.at(-1)?.content).toBe(`x${'😀'.repeat(32_000)}checkpoint-emoji`);
  await expectWhole(lab, me, mission, 'checkpoint-emoji');
});

test('an answer of 2 MB is whole for a viewer and in the history', async () => {
  const line = 'All work and no play makes a long answer. '.repeat(50);
  const { mission, events } = await run(`REPEAT 1000 ${line.trim()}\nSAY long-answer`);

  expect(events.at(-1)?.content.length).toBeGreaterThan(2_000_000);
  await expectWhole(lab, me, mission, 'long-answer');
});

/** Rows that show a message as it was written: when it comes, and where its turn starts. */
const ofItsAuthor = new Set(['message.kept', 'turn.started']);

/** Everything viewers were shown of a mission except the person's own message, which spells the secret. */
const shown = (mission: string): string =>
  JSON.stringify([
    viewer.rows.filter(({ name, data }) => data.mission_id === mission && !ofItsAuthor.has(name)),
    [...viewer.texts.values()],
  ]);

test.each([1, 4, 10])('a secret that the model spells in chunks of %i is never shown', async (size) => {
  const text = `Said: ${secret}, keep it. ${'Padding. '.repeat(40)}Again: ${secret}`;
  const chunks = text.match(new RegExp(`.{1,${size}}`, 'gs'));
  const { mission, events } = await run(`CHUNKS ${JSON.stringify(chunks)}`);

  expect(events.at(-1)?.content).toBe(text.replaceAll(secret, '[secret]'));
  expect(shown(mission)).not.toContain(secret);
});

test('a secret on the border of a checkpoint, and in a tool output written in pieces, is never shown', async () => {
  const pieces = "printf 'lab-'; sleep 0.2; printf 'api-'; sleep 0.2; printf 'key\\n'";
  const { mission, events } = await run(
    `REPEAT 6000 ${secret} and\nSAY border-secret\n${bash(pieces, 'pieces')}\nSAY Printed.`,
  );

  const calls = callsOf(lab, 'border-secret');
  const record = modelRecord(calls);
  expectSameAsModel(events, { ...record, texts: record.texts.map((text) => text.replaceAll(secret, '[secret]')) });
  expectAskedOnce(calls);
  expect(resultOf(events)).toContain('[secret]');
  expect(shown(mission)).not.toContain(secret);
});
