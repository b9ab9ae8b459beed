// A text that may be as long as a model talks is known without being held.
import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { knownText } from '../../host-agent/missions/transcript/known-text.ts';
import { OpenTexts } from '../../host-agent/missions/transcript/text.ts';
import { createRedactor } from '../../host-agent/process/redact.ts';
import { randomFrom } from '../support/random.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const heldBytes = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

test('it tells how much of another text is the same, and its hash, as if it were held', () => {
  const random = randomFrom(12);
  const alphabet = ['a', 'b', '😀', '😁', 'é'];
  const drawn = (pieces: number): string =>
    Array.from({ length: random(pieces) }, () => alphabet[random(alphabet.length)] ?? '').join('');
  const endChars = 6;
  for (let round = 0; round < 3_000; round++) {
    const known = knownText(endChars);
    let held = '';
    for (let piece = random(12); piece > 0; piece--) {
      const text = drawn(5);
      held += text;
      known.add(text);
    }
    const kept = held.slice(0, random(held.length + 1)).toWellFormed();
    const other = random(3) === 0 ? held + drawn(9) : kept + drawn(9);
    const rest = drawn(4);

    let same = 0;
    for (const character of held) {
      if (!other.startsWith(character, same)) break;
      same += character.length;
    }
    expect(known.length).toBe(held.length);
    expect(known.sha256With(rest)).toBe(
      createHash('sha256')
        .update(held + rest)
        .digest('hex'),
    );
    // What differs before the end that is at hand differs in more than that.
    expect(held.length - same < endChars ? [same] : [same, 0]).toContain(known.commonLength(other));
  }
});

test('twenty missions that talk without end hold what is not stored, and not what they said', () => {
  const redactor = createRedactor([]);
  const missions = Array.from({ length: 20 }, () => new OpenTexts(() => redactor));
  for (const texts of missions) texts.open('p', 0);
  const said = 4 * 1024 * 1024;
  let stored = 0;
  const before = heldBytes();

  for (let at = 0; at < said; at += 8 * 1024)
    for (const texts of missions) {
      texts.grow('p', `${at} `.padEnd(8 * 1024, 'words without end '), 0);
      stored += texts.checkpoints(0, 2_000).reduce((sum, { text }) => sum + text.length, 0);
    }

  expect(stored).toBe(20 * said);
  expect(heldBytes() - before, 'bytes of 80 Mi characters').toBeLessThan(20 * 512 * 1024);
  // They are known all the same.
  for (const texts of missions) expect(texts.close('p', null)).toMatchObject([{ off: said, text: '', length: said }]);
});
