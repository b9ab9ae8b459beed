import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { growingTexts } from '../../host-agent/cli/following/growing.ts';
import type { Line } from '../../host-agent/cli/following/lines.ts';
import { newReading } from '../../host-agent/cli/following/reading.ts';
import type { Read } from '../../host-agent/cli/following/shapes.ts';
import { messageText } from '../../host-agent/cli/missions/message-text.ts';
import { askText } from '../../host-agent/cli/printing/ask-text.ts';
import { plain, showable } from '../../host-agent/cli/printing/plain.ts';
import { newTelling } from '../../host-agent/cli/printing/telling.ts';

const root = join(import.meta.dirname, '..', '..');

const mission = 'm';
const snapshot = (text: string, more: Partial<Extract<Read, { type: 'snapshot' }>> = {}): Read => ({
  type: 'snapshot',
  running: [{ mission_id: mission, state: 'running', queue_len: 0 }],
  parts: [{ part: 'p', mission_id: mission, turn: 't', kind: 'text', text }],
  outputs: [],
  requests: [],
  ...more,
});
const delta = (off: number, text: string): Read => ({ type: 'delta', mission_id: mission, part: 'p', off, text });

/** What a reading of everything tells of these events. */
const told = (...events: Read[]): Line[] => {
  const reading = newReading({ mission, message: null });
  return events.flatMap((event) => reading.take(event).lines);
};
const textOf = (lines: Line[]): string =>
  lines.reduce((text, line) => (line.type === 'text' ? text.slice(0, line.off) + line.text : text), '');

test('a text is told once, whatever of it comes again, late or behind a hole', () => {
  const whole: Read = { type: 'part.closed', mission_id: mission, part: 'p', off: 0, text: 'One two three four' };
  const lines = told(
    snapshot('One '),
    delta(0, 'One '),
    delta(2, 'e two '),
    delta(12, 'ee '),
    // The edge was started again, and knows less than it had shown.
    snapshot('One '),
    delta(4, 'two th'),
    whole,
    whole,
  );

  expect(textOf(lines)).toBe('One two three four');
  expect(lines.flatMap((line) => (line.type === 'text' ? [line.text] : [])).join('')).toBe('One two three four');
});

test('a text that the server corrects is told from where it differs', () => {
  const texts = growingTexts();
  texts.add('p', 0, 'the key is sk-123');

  expect(texts.replace('p', 0, 'the key is hidden')).toEqual({ off: 11, text: 'hidden' });
  expect(texts.replace('p', 0, 'the key is ')).toEqual({ off: 11, text: '' });
});

const called: Read = { type: 'tool.called', mission_id: mission, turn: 't', tool_call_id: 'c', name: 'bash', args: {} };
const output = (off: number, text: string) => ({ mission_id: mission, tool_call_id: 'c', off, text });
const prints = (off: number, text: string): Read => ({ type: 'output', ...output(off, text) });

test('what a call prints is told once, with its place where something is missing, and nothing of one that is not told', () => {
  const result = {
    type: 'tool.result',
    mission_id: mission,
    tool_call_id: 'c',
    name: 'bash',
    result: 'x',
    failed: false,
  };
  const lines = told(
    prints(0, 'of nobody'),
    called,
    prints(0, 'one '),
    snapshot('', { outputs: [output(0, 'one two ')] }),
    prints(4, 'two three '),
    prints(100, 'far on'),
    result as Read,
    prints(106, 'too late'),
  );

  expect(lines.flatMap((line) => (line.type === 'output' ? [[line.off, line.text]] : []))).toEqual([
    [0, 'one '],
    [4, 'two '],
    [8, 'three '],
    [100, 'far on'],
  ]);
});

test('of a call that began before anybody read, what it has printed is told, and its end', () => {
  const joined = snapshot('', { outputs: [output(500, 'the end of it')] });
  const result = {
    type: 'tool.result',
    mission_id: mission,
    tool_call_id: 'c',
    name: 'bash',
    result: 'x',
    failed: false,
  };

  expect(told(joined, prints(513, ' and on'), result as Read).map(({ type }) => type)).toEqual([
    'output',
    'output',
    'tool_result',
  ]);
});

test('what a call prints stands beside the answer, and a line end of its own makes no empty line', () => {
  let err = '';
  const printer = newTelling(
    {
      out: () => undefined,
      err: (text) => {
        err += text;
      },
      isWatched: true,
      isShared: false,
      dim: (text) => text,
      columns: 80,
    },
    {},
  );
  printer.show({ type: 'tool', id: 'c', name: 'bash', args: {} });
  printer.show({ type: 'output', id: 'c', off: 0, text: 'one\n\u001b[2J' });
  printer.show({ type: 'output', id: 'c', off: 20, text: 'two\n' });
  printer.show({ type: 'tool_result', id: 'c', name: 'bash', result: 'one two', failed: false });

  expect(err.split('\n')).toEqual([
    '→ bash {}',
    'one',
    '\u241b[2J',
    '[12 characters of the output are not shown here]',
    'two',
    '← bash one two',
    '',
  ]);
});

test('a turn of another message, and events of another mission, tell nothing', () => {
  const reading = newReading({ mission, message: 'mine' });
  const started = (command: string, turn: string): Read => ({
    type: 'turn.started',
    mission_id: mission,
    command,
    turn,
    agent: null,
    model: null,
  });
  const take = (event: Read): string[] => reading.take(event).lines.map(({ type }) => type);

  expect(take(started('other', 't'))).toEqual([]);
  expect(take(snapshot('of the other turn'))).toEqual([]);
  expect(take(started('mine', 'mine-turn'))).toEqual(['turn']);
  expect(take({ type: 'mission.status', mission_id: 'elsewhere', status: 'failed', summary: null })).toEqual([]);
  expect(take({ type: 'command.lost', mission_id: mission, command: 'mine', text: 'gone' })).toEqual(['end']);
});

test('a mission is idle by the snapshot, and by what comes after it, not by the past that is replayed', () => {
  const reading = newReading({ mission, message: null });
  const status: Read = { type: 'status', mission_id: mission, state: 'idle', queue_len: 0 };
  const idle = (event: Read): boolean | null => reading.take(event).isIdle;

  expect(idle(status)).toBe(null);
  expect(idle(snapshot(''))).toBe(false);
  expect(idle({ ...status, queue_len: 1 })).toBe(false);
  expect(idle(status)).toBe(true);
  expect(idle({ type: 'connected' })).toBe(null);
  expect(idle(status)).toBe(null);
  expect(idle(snapshot('', { running: [] }))).toBe(true);
});

test('everything a terminal would obey is shown as a sign, halves of characters wait for the rest', () => {
  expect(plain('\u001b]0;x\u0007 \u009b1m \u202e\u2066 a\rb\r\nc\td\u007f\u0000')).toBe(
    '␛]0;x␇ <U+009B>1m <U+202E><U+2066> a␍b\nc\td␡␀',
  );
  expect(showable('a\r')).toEqual({ now: 'a', later: '\r' });
  expect(showable('a\ud83d')).toEqual({ now: 'a', later: '\ud83d' });
  expect(showable('a\ud83d\ude00')).toEqual({ now: 'a\ud83d\ude00', later: '' });
});

test('what an agent suggests as an answer can not run when its line is pasted into a shell', () => {
  const question = (label: string): string =>
    askText({ id: 'que_1', kind: 'question', body: { questions: [{ question: 'Q?', options: [{ label }] }] } });

  expect(question("it's $(reboot)")).toContain(`openagent answer que_1 'it'\\''s $(reboot)'`);
  expect(question('a\n; reboot')).toContain("que_1 'a ; reboot'");
});

test('on one terminal the answer and what is beside it never share a line', () => {
  let page = '';
  const put = (text: string): void => {
    page += text;
  };
  const printer = newTelling(
    { out: put, err: put, isWatched: true, isShared: true, dim: (text) => text, columns: 80 },
    {},
  );
  const text = (part: string, kind: 'text' | 'reasoning', content: string): Line => ({
    type: 'text',
    kind,
    part,
    off: 0,
    text: content,
  });
  printer.show(text('r', 'reasoning', 'Hm'));
  printer.show(text('a', 'text', 'Let me look.'));
  printer.show({ type: 'tool', id: '1', name: 'read', args: { path: 'x' } });
  printer.show(text('b', 'text', 'Do'));
  printer.show({ type: 'connection', state: 'away' });
  printer.show({ ...text('b', 'text', 'ne.'), off: 2 } as Line);
  printer.show({ type: 'end', message_id: 'm', outcome: 'completed', text: 'Done.', model: null, cost_usd: null });

  expect(page.split('\n')).toEqual([
    'Hm',
    'Let me look.',
    '→ read {"path":"x"}',
    '',
    'Do',
    'The edge does not answer; trying again …',
    'ne.',
    '',
  ]);
});

test('a message is read no further than it may be long', async () => {
  let read = 0;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    for (; ; read++) yield new Uint8Array(64 * 1024).fill(0x61);
  };

  await expect(messageText(['Explain'], endless())).rejects.toThrow('longer than 128 KiB');
  expect(read).toBeLessThan(4);
});

test('every line of --json is in docs/command-line.md, and every exit code', () => {
  const document = readFileSync(join(root, 'docs/command-line.md'), 'utf8');
  const types = [...readFileSync(join(root, 'host-agent/cli/following/lines.ts'), 'utf8').matchAll(/type: '(\w+)'/g)];

  expect(types.length).toBeGreaterThan(10);
  for (const [, type] of types) expect(document).toContain(`\n| \`${type}\` | `);
});
