import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { OpenTexts } from '../../host-agent/missions/transcript/text.ts';
import { createRedactor } from '../../host-agent/process/redact.ts';
import { checkpointSuffix } from '../../shared/append.ts';
import type { HostEvent } from '../../shared/events.ts';
import { checkpointBytes, maxEventBytes, maxPartChars } from '../../shared/limits.ts';
import { randomFrom } from '../support/random.ts';

const waitMs = 2_000;
const newTexts = (secrets: string[] = []) => {
  const redactor = createRedactor(secrets);
  return new OpenTexts(() => redactor);
};

/** What the log has of a part after these events, by the rules of shared/events.ts. */
const stored = (events: readonly HostEvent[], before = ''): string => {
  let text = before;
  for (const event of events) {
    if (event.type === 'part.checkpoint') {
      text = event.replace ? event.text : text + (checkpointSuffix(text.length, event.off, event.text) ?? '');
    } else if (event.type === 'part.closed') {
      text = text.slice(0, event.off) + event.text;
      expect(event.length).toBe(text.length);
      expect(event.sha256).toBe(createHash('sha256').update(text).digest('hex'));
    }
  }
  return text;
};

const expectSmall = (events: readonly HostEvent[]): void => {
  for (const event of events) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(maxEventBytes);
};

test('text is stored when its first character has waited long enough, then again for what came after', () => {
  const texts = newTexts();
  texts.open('p', 0);

  expect(texts.grow('p', 'one ', 1_000)).toEqual({ part: 'p', off: 0, text: 'one ' });
  expect(texts.grow('p', 'two', 2_500)).toEqual({ part: 'p', off: 4, text: 'two' });
  expect(texts.nextDueMs(waitMs)).toBe(3_000);
  expect(texts.checkpoints(2_999, waitMs)).toEqual([]);
  expect(texts.checkpoints(3_000, waitMs)).toEqual([{ type: 'part.checkpoint', part: 'p', off: 0, text: 'one two' }]);
  expect(texts.nextDueMs(waitMs)).toBeNull();
  texts.grow('p', ' three', 9_000);
  expect(texts.checkpoints(11_000, waitMs)).toEqual([{ type: 'part.checkpoint', part: 'p', off: 7, text: ' three' }]);
});

test('long text is stored at once', () => {
  const texts = newTexts();
  texts.open('p', 0);
  texts.grow('p', 'x'.repeat(checkpointBytes - 1), 0);
  expect(texts.checkpoints(0, waitMs)).toEqual([]);

  texts.grow('p', 'y', 0);

  expect(texts.checkpoints(0, waitMs)).toHaveLength(1);
});

test('an end brings the tail, and only that', () => {
  const texts = newTexts();
  texts.open('p', 0);
  texts.grow('p', 'Hello ', 0);
  const before = texts.checkpoints(waitMs, waitMs);
  texts.grow('p', 'wor', 0);

  const end = texts.close('p', 'Hello world');

  expect(end).toMatchObject([{ type: 'part.closed', off: 6, text: 'world' }]);
  expect(stored([...before, ...end])).toBe('Hello world');
});

test('an end that differs from what was stored replaces what differs', () => {
  const texts = newTexts();
  texts.open('p', 0);
  texts.grow('p', 'Hello 😀', 0);
  const before = texts.checkpoints(waitMs, waitMs);

  const end = texts.close('p', 'Hello 😁!');

  expect(end).toMatchObject([{ off: 6, text: '😁!' }]);
  expect(stored([...before, ...end])).toBe('Hello 😁!');
});

test('after a gap a part is blind: nothing is shown of it until its end mends it', () => {
  const texts = newTexts();
  texts.open('p', 0);
  texts.grow('p', 'Hello ', 0);
  const before = texts.checkpoints(waitMs, waitMs);

  expect(texts.miss(true)).toEqual([{ type: 'part.blind', part: 'p' }]);
  expect(texts.miss(true)).toEqual([]);
  expect(texts.grow('p', 'lost and', 0)).toBeNull();
  expect(texts.checkpoints(1e9, waitMs)).toEqual([]);
  expect(stored([...before, ...texts.close('p', 'Hello lost and found')])).toBe('Hello lost and found');
});

test('a part of a former process is replaced as a whole, whatever was stored of it', () => {
  const texts = newTexts();
  texts.open('p', null);
  expect(texts.miss(true)).toHaveLength(1);

  const end = texts.close('p', 'the whole text');

  expect(end).toMatchObject([{ type: 'part.closed', off: 0, text: 'the whole text' }]);
});

test('a part OpenCode stores no end of keeps what came; where that is unknown the log is left as it is', () => {
  const texts = newTexts();
  texts.open('p', 0);
  texts.grow('p', 'half a sen', 0);
  texts.open('q', null);

  expect(stored(texts.close('p', null))).toBe('half a sen');
  expect(texts.close('q', null)).toEqual([]);
});

test('a secret is redacted across deltas, and the held back tail comes with the end', () => {
  const texts = newTexts(['sk-live-12345678']);
  texts.open('p', 0);

  expect(texts.grow('p', 'key sk-live-', 0)?.text).toBe('key ');
  expect(texts.grow('p', '12345678 and sk-li', 0)).toEqual({ part: 'p', off: 4, text: '[secret] and ' });
  expect(stored(texts.close('p', 'key sk-live-12345678 and sk-li'))).toBe('key [secret] and sk-li');
});

test.each([
  ['nothing was stored', 0, ''],
  ['a prefix was stored', 0, 'x'],
  ['something else was stored', 0, 'another'],
  ['what was stored is unknown', null, ''],
] as const)('a very long end where %s comes in events that are small enough', (_case, before, first) => {
  const texts = newTexts();
  texts.open('p', before);
  texts.grow('p', first, 0);
  const events: HostEvent[] = texts.checkpoints(waitMs, waitMs);
  const final = `x${'\u0001😀é'.repeat(60_000)}`;

  const end = texts.close('p', final);

  expectSmall(end);
  expect(stored([...events, ...end], before === null ? 'who knows' : '')).toBe(final);
});

test('of a long text whose end is trimmed only the end is mended', () => {
  const texts = newTexts();
  texts.open('p', 0);
  const said = 'What the model says. '.repeat(20_000).trimEnd();
  texts.grow('p', `${said}\n\n`, 0);
  const before = texts.checkpoints(0, waitMs);

  const end = texts.close('p', said);

  expect(end).toMatchObject([{ type: 'part.closed', off: said.length, text: '' }]);
  expect(stored([...before, ...end])).toBe(said);
});

describe('a text that is longer than a text may be', () => {
  const piece = 'x'.repeat(checkpointBytes);
  const pieces = maxPartChars / piece.length;
  const over = 5;
  const length = (pieces + over) * piece.length;
  /** What is told of it until its end. */
  const talk = (texts: OpenTexts) => {
    texts.open('p', 0);
    const shown: unknown[] = [];
    const events: HostEvent[] = [];
    for (let n = 0; n < pieces + over; n++) {
      const growth = texts.grow('p', piece, 0);
      if (growth) shown.push(growth.off);
      events.push(...texts.checkpoints(0, waitMs));
    }
    return { shown, events };
  };

  test('is neither shown nor stored beyond that, and its end says how long it was', () => {
    const texts = newTexts();
    const { shown, events } = talk(texts);

    expect(shown).toHaveLength(pieces);
    expect(events).toHaveLength(pieces);
    const sha256 = createHash('sha256').update('x'.repeat(length)).digest('hex');
    expect(texts.close('p', null)).toEqual([{ type: 'part.closed', part: 'p', off: length, text: '', length, sha256 }]);
  });

  test('ends in the same way with the text that OpenCode has of it', () => {
    const texts = newTexts();
    talk(texts);
    const final = 'x'.repeat(length + 3);

    const end = texts.close('p', final);

    expect(end).toMatchObject([{ type: 'part.closed', text: '', length: final.length }]);
    expect(end.reduce((most, { off }) => Math.max(most, off), 0)).toBeGreaterThan(maxPartChars);
  });

  test('is replaced up to there where nothing is known of what was stored', () => {
    const texts = newTexts();
    texts.open('p', null);
    texts.miss(true);

    const end = texts.close('p', 'x'.repeat(length));

    expect(end[0]).toMatchObject({ type: 'part.checkpoint', off: 0, replace: true });
    expect(end.reduce((sum, { text }) => sum + text.length, 0)).toBe(maxPartChars);
    expect(end.at(-1)).toMatchObject({ type: 'part.closed', length });
  });
});

test('however text comes, the log ends with the redacted final text', () => {
  const random = randomFrom(7);
  const secret = 'sk-live-12345678';
  const alphabet = ['a', '😀', 'é', ' ', 'sk-live-', '12345678', secret];
  for (let round = 0; round < 500; round++) {
    const texts = newTexts([secret]);
    texts.open('p', 0);
    const events: HostEvent[] = [];
    let final = '';
    let now = 0;
    for (let step = random(20); step > 0; step--) {
      const piece = alphabet[random(alphabet.length)] ?? '';
      final += piece;
      now += random(1_500);
      texts.grow('p', piece, now);
      events.push(...texts.checkpoints(now, waitMs));
      if (random(30) === 0) texts.miss(true);
    }
    if (random(4) === 0) final = final.slice(0, random(final.length + 1));
    expect(stored([...events, ...texts.close('p', final)])).toBe(createRedactor([secret]).text(final));
  }
});

/** What viewers see of a part that comes in these pieces and ends with `final`, and what is stored of it. */
const streamed = (pieces: readonly string[], final: string | null, secrets: string[] = []) => {
  const texts = newTexts(secrets);
  texts.open('p', 0);
  let seen = '';
  const events: HostEvent[] = [];
  for (const [index, piece] of pieces.entries()) {
    const growth = texts.grow('p', piece, index * waitMs);
    if (growth) {
      expect(growth.off).toBe(seen.length);
      expect(growth.text.isWellFormed()).toBe(true);
      seen += growth.text;
    }
    events.push(...texts.checkpoints((index + 1) * waitMs, waitMs));
  }
  // OpenCode's own text is made well-formed where it enters (in-range.ts).
  events.push(...texts.close('p', final?.toWellFormed() ?? null));
  return { seen, stored: stored(events), events };
};

test('a character that two deltas share is one, and half of one that stays alone is one replacement character', () => {
  expect(streamed(['x\ud83d', '\ude00'], 'x😀')).toMatchObject({ seen: 'x😀', stored: 'x😀' });
  expect(streamed(['x\ud83d', ' y', '\ude00'], 'x\ud83d y\ude00')).toMatchObject({
    seen: 'x\ufffd y\ufffd',
    stored: 'x\ufffd y\ufffd',
  });
  expect(streamed(['\ud83d', '\ud83d', '\ude00'], '\ud83d\ud83d\ude00').seen).toBe('\ufffd😀');
  expect(streamed(['\ude00'], '\ude00').seen).toBe('\ufffd');
});

test('half a character at the end waits for its other half, and comes as a replacement character with the end', () => {
  const whole = streamed(['so \ud83d'], 'so \ud83d');
  const left = streamed(['so \ud83d'], null);

  for (const each of [whole, left]) expect(each).toMatchObject({ seen: 'so ', stored: 'so \ufffd' });
  expect(whole.events.at(-1)).toMatchObject({ type: 'part.closed', off: 3, text: '\ufffd', length: 4 });
});

test('wherever a text with halves and secrets is cut into deltas, what is streamed is the beginning of what is stored', () => {
  const random = randomFrom(20261130);
  const secrets = ['sk-live-12345678', 'pass😀word'];
  const alphabet = ['\ud83d', '\ude00', '😀', 'x', 'sk-live-', '12345678', 'pass', 'word', ...secrets];
  for (let round = 0; round < 2_000; round++) {
    const text = Array.from({ length: random(12) }, () => alphabet[random(alphabet.length)] ?? '').join('');
    const cuts = [0, ...Array.from({ length: random(8) }, () => random(text.length + 1)), text.length];
    cuts.sort((a, b) => a - b);
    const pieces = cuts.slice(1).map((end, index) => text.slice(cuts[index], end));
    const expected = createRedactor(secrets).text(text.toWellFormed());

    for (const final of [text, null]) {
      const { seen, stored: kept, events } = streamed(pieces, final, secrets);
      expect(kept).toBe(expected);
      expect(expected.startsWith(seen)).toBe(true);
      // Nothing that was stored had to be taken back.
      expect(stored(events.slice(0, -1))).toBe(expected.slice(0, (events.at(-1) as { off: number }).off));
    }
  }
});
