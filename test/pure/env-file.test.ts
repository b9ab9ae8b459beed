import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { quoted, readEnvFile } from '../../host-agent/config/env-file.ts';
import { parseJsonOnce } from '../../host-agent/config/json-once.ts';
import { randomFrom } from '../support/random.ts';

const ours = (name: string) => name.startsWith('OUR');
const read = (text: string | Uint8Array) =>
  Object.fromEntries(
    readEnvFile(typeof text === 'string' ? new TextEncoder().encode(text) : text, '/x/openagent.env', ours),
  );

/** What the start says; fails where it reads the file. */
const refusal = (text: string | Uint8Array): string => {
  try {
    return `read as ${JSON.stringify(read(text))}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

test('a value without quotes is the text as it stands', () => {
  const values = [
    'pä:ss',
    '$HOME',
    'a=b==',
    '[{"username":"ana"}]',
    "it's",
    'a"b"c',
    'a`b',
    '🙂',
    'a b\tc',
    '{"a":{}}',
    '!&|;',
    '',
  ];
  for (const value of values) expect(read(`OUR=${value}\n`)).toEqual({ OUR: value });
});

test('between equal quotes stands what needs them, and lines may end as on other systems', () => {
  expect(
    read(
      "# a comment\r\n\r\n  # another\nOUR_A='a #b \\n' \n".replace("' \n", "'\n") +
        'OUR_B="it\'s #1 "\r\nOUR_C=`\'"#`',
    ),
  ).toEqual({ OUR_A: 'a #b \\n', OUR_B: "it's #1 ", OUR_C: '\'"#' });
});

test.for([
  ['OUR=s3cret w#rd', 'has a # in its value'],
  ['OUR=s3cret #1', 'has a # in its value'],
  ['OUR=s3cret ', 'white space before or after'],
  ['OUR= s3cret', 'white space before or after'],
  ['OUR=s3cret\u00a0', 'white space before or after'],
  ['OUR=s3cret\\n', 'has a backslash'],
  ['OUR="s3cret\\n"', 'backslash between double quotes'],
  ['OUR="s3cret', 'does not end with the same one'],
  ["OUR='s3cret' # mine", 'does not end with the same one'],
  ["OUR='s3'cret'", 'in its middle'],
  ['OUR="', 'does not end with the same one'],
  ['OUR=s3\0cret', 'control character'],
  ['OUR=s3\rcret', 'control character'],
  ["OUR='s3\x1bcret'", 'control character'],
  ['export OUR=s3cret', '"export"'],
  ['OUR = s3cret', 'not NAME=value'],
  [' OUR=s3cret', 'not NAME=value'],
  ['OUR: s3cret', 'not NAME=value'],
  ['s3cret', 'not NAME=value'],
  ['OUR-A=s3cret', 'not NAME=value'],
  ['; s3cret', 'not NAME=value'],
  ['OUR_A=s3cret', 'line 1 has set already (OUR_A)'],
])('the line %j stops the start with its number and what to do', ([line, says]) => {
  const text = refusal(`OUR_A=1\n${line}\nOUR_B=2\n`);

  expect(text).toMatch(/^Line 2 of \/x\/openagent\.env /);
  expect(text).toContain(says);
  expect(text).not.toMatch(/s3|cret/);
});

test('values over several lines, a byte order mark and bytes that are no UTF-8 stop the start at their line', () => {
  expect(refusal('OUR="s3cret\nMIIEs3cret=\n"')).toMatch(/^Line 1 .*a value has one line/);
  expect(refusal('MIIEs3cret=x#')).toMatch(/^Line 1 .*NAME='…'/);
  expect(refusal('\ufeffOUR=s3cret')).toMatch(/^Line 1 .*byte order mark/);
  expect(refusal(new Uint8Array([...Buffer.from('OUR=1\nOUR_B='), 0xe4, 0x0a]))).toBe(
    'Line 2 of /x/openagent.env is not UTF-8. Save the file as UTF-8.',
  );
  for (const text of ['OUR="s3cret\nx"', 'MIIEs3cret=x#', '\ufeffOUR=s3cret'])
    expect(refusal(text)).not.toMatch(/s3cret/);
});

const alphabet = [...'ab=$\'"`#\\ \t\u00a0\u2028{}[]:,;!äé🙂\ufeff', 'export ', '\\n', "''", 'scrypt$'];

test('10,000 values that were written by the documented quoting are read as they were, and no other text is read as anything else', () => {
  const random = randomFrom(8);
  const pick = () => alphabet[random(alphabet.length)] ?? '';
  let written = 0;
  for (let n = 0; n < 10_000; n++) {
    const value = Array.from({ length: random(9) }, pick).join('');
    const line = quoted(value);
    if (line === null) expect(value).toMatch(/'.*`|`.*'/s);
    else {
      written += 1;
      expect([value, read(`OUR=${line}\n`)]).toEqual([value, { OUR: value }]);
    }
    const text = refusal(`OUR=${value}\n`);
    if (text.startsWith('read as')) {
      const [quote] = value;
      const stands = quote !== undefined && '\'"`'.includes(quote) ? value.slice(1, -1) : value;
      expect([value, read(`OUR=${value}\n`), parseEnv(`OUR=${value}\n`)]).toEqual([
        value,
        { OUR: stands },
        { OUR: stands },
      ]);
    }
  }
  expect(written).toBeGreaterThan(9_000);
});

test('JSON with a name twice in one object is none', () => {
  expect(parseJsonOnce('{"a":{"b":1},"c":{"b":"\\"a\\":{"},"d":["b","b",{"a":1}]}')).toBeTypeOf('object');
  for (const json of ['{"a":1,"a":2}', '[{"x":{"a":1, "a" :2}}]', '{"a":1,"\\u0061":2}', '{', ''])
    expect([json, parseJsonOnce(json)]).toEqual([json, undefined]);
});
