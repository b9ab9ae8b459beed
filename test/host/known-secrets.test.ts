import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { knownSecrets, rememberedSecrets } from '../../host-agent/process/known-secrets.ts';
import { createLog, redactSecrets } from '../../host-agent/process/log.ts';
import { handClock } from '../support/hand-clock.ts';
import { temporaryDirectory } from '../support/host-store.ts';

test('secrets are found by their names in JSON files and as whole files in key folders', () => {
  const directory = temporaryDirectory();
  const auth = join(directory, 'auth.json');
  const keys = join(directory, 'keys');
  mkdirSync(keys);
  writeFileSync(join(keys, 'openai'), 'sk-from-a-file\n');
  writeFileSync(
    auth,
    JSON.stringify({
      anthropic: { type: 'api', key: 'sk-ant-12345' },
      github: { type: 'oauth', refresh: 'refresh-1', access: 'access-1', expires: 5 },
      given: {
        options: { apiKey: '{file:/elsewhere}', headers: { Authorization: 'Bearer abc' }, baseURL: 'https://x' },
      },
    }),
  );

  const secrets = knownSecrets([auth, join(directory, 'missing.json')], [keys, join(directory, 'none')], handClock())();

  expect([...secrets].toSorted()).toEqual(['Bearer abc', 'access-1', 'refresh-1', 'sk-ant-12345', 'sk-from-a-file']);
});

test('a renewed login is known within a second, and an unchanged list is the same array', () => {
  const clock = handClock();
  const auth = join(temporaryDirectory(), 'auth.json');
  writeFileSync(auth, JSON.stringify({ a: { access: 'first-login' } }));
  const secrets = knownSecrets([auth], [], clock);
  const before = secrets();

  clock.advance(1_001);
  expect(secrets()).toBe(before);
  writeFileSync(auth, JSON.stringify({ a: { access: 'a-second-login' } }));
  clock.advance(1_001);

  expect(secrets()).toEqual(['a-second-login']);
});

test('a secret that was told or has gone is still known, and the list changes only with a new one', () => {
  let known: readonly string[] = ['first-key'];
  const { all, remember } = rememberedSecrets(() => known);
  const before = all();
  expect(all()).toBe(before);

  remember('told-key');
  known = ['second-key'];
  const after = all();
  known = [];

  expect([...after].toSorted()).toEqual(['first-key', 'second-key', 'told-key']);
  expect(all()).toBe(after);
});

test('no log line carries a known secret, wherever it hides', () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), redact: redactSecrets(() => ['p"ss-w\\rd-1']) });

  log.with({ mission: 'm' }).warn('test.event', {
    text: 'it is p"ss-w\\rd-1!',
    error: new Error('outer', { cause: new Error('p"ss-w\\rd-1') }),
    deep: { list: ['p"ss-w\\rd-1'] },
  });

  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('ss-w');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'warn',
    event: 'test.event',
    mission: 'm',
    text: 'it is [secret]!',
    deep: { list: ['[secret]'] },
  });
});

test('what is no file holds nobody up, and has no secrets', () => {
  const pipe = join(temporaryDirectory(), 'auth.json');
  execFileSync('mkfifo', [pipe]);

  expect(knownSecrets([pipe, '/dev/zero'], [], handClock())()).toEqual([]);
});
