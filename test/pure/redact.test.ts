import { expect, test } from 'vitest';
import { createRedactor } from '../../host-agent/process/redact.ts';
import { randomFrom } from '../support/random.ts';

const secrets = [
  'sk-live-12345678',
  'sk-live-12345678-longer',
  '12345678-longer-than',
  'aaaaaaaa',
  'aaaaaaaab',
  'pass.word*[x]',
  'short',
];

const inPieces = (text: string, cuts: readonly number[]): string => {
  const stream = createRedactor(secrets).stream();
  let out = '';
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    out += stream.push(text.slice(from, cut));
    from = cut;
  }
  return out + stream.end();
};

test('secrets are replaced, the longest of those that begin first, short values left alone', () => {
  const redactor = createRedactor(secrets);

  expect(redactor.text('key sk-live-12345678!')).toBe('key [secret]!');
  expect(redactor.text('key sk-live-12345678-longer-than')).toBe('key [secret]-than');
  expect(redactor.text('aaaaaaaaaaab')).toBe('[secret]aaab');
  expect(redactor.text('pass.word*[x] passXword*[x]')).toBe('[secret] passXword*[x]');
  expect(redactor.text('short')).toBe('short');
});

test('a text in pieces is redacted as if it had come whole, wherever it is cut', () => {
  const random = randomFrom(20_261_122);
  const alphabet = [
    'a',
    'b',
    's',
    '-',
    '1',
    '😀',
    'sk-live-1234',
    '5678',
    '-longer',
    '-than',
    'pass.word',
    '*[x]',
    ...secrets,
  ];
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: random(14) }, () => alphabet[random(alphabet.length)] ?? '').join('');
    const cuts = Array.from({ length: random(8) }, () => random(text.length + 1)).sort((a, b) => a - b);

    expect(inPieces(text, cuts)).toBe(createRedactor(secrets).text(text));
  }
});

test('every unit alone gives the same, and no piece ends inside a character', () => {
  const text = 'x😀 sk-live-12345678 😀sk-live-12345678-longerx😀aaaaaaaab';
  const stream = createRedactor(secrets).stream();
  const pieces = Array.from({ length: text.length }, (_, at) => stream.push(text.charAt(at)));

  for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
  expect(pieces.join('') + stream.end()).toBe(createRedactor(secrets).text(text));
});

test('what may still become a secret waits, and nothing else does', () => {
  const stream = createRedactor(secrets).stream();

  expect(stream.push('hello sk-live-')).toBe('hello ');
  expect(stream.push('999')).toBe('sk-live-999');
  expect(stream.end()).toBe('');
});

test('values and keys inside JSON are redacted', () => {
  const value = { a: ['sk-live-12345678', 1, null], 'sk-live-12345678': { b: 'aaaaaaaa' } };

  expect(createRedactor(secrets).deep(value)).toEqual({ a: ['[secret]', 1, null], '[secret]': { b: '[secret]' } });
});

test('without secrets everything passes at once', () => {
  const stream = createRedactor([]).stream();

  expect(stream.push('sk-live-')).toBe('sk-live-');
});
