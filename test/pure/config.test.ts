import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSettings } from '../../host-agent/config/settings.ts';
import { defaultSlots, slotsFor } from '../../host-agent/config/slots.ts';
import { markdownTable } from '../../host-agent/config/table.ts';
import { variableNames } from '../../host-agent/config/variable-names.ts';

let workingDir: string;

beforeEach(() => {
  workingDir = mkdtempSync(join(tmpdir(), 'openagent-config-'));
});

afterEach(() => rmSync(workingDir, { recursive: true }));

const read = (environment: Record<string, string>) => readSettings({ WORKING_DIR: workingDir, ...environment });

const writeConfig = (text: string) => {
  mkdirSync(join(workingDir, '.openagent'));
  writeFileSync(join(workingDir, '.openagent', 'openagent.env'), text);
};

test('a start without any setting has the documented defaults', () => {
  const settings = read({});

  expect(settings).toMatchObject({ port: 8787, host: '127.0.0.1', jwtTtlDays: 30, devMode: false, maxIterations: 50 });
  expect(settings.files.dir).toBe(join(workingDir, '.openagent'));
  expect(settings.notices).toEqual([]);
});

test.each([
  ['PORT', 'abc', 'whole number from 0 to 65535'],
  ['PORT', '65536', 'whole number from 0 to 65535'],
  ['PORT', '-1', 'whole number from 0 to 65535'],
  ['PORT', '80.5', 'whole number from 0 to 65535'],
  ['HOST', 'http://localhost', 'without scheme or port'],
  ['HOST', '127.0.0.1:8787', 'without scheme or port'],
  ['WORKING_DIR', 'agents', 'absolute path'],
  ['JWT_TTL_DAYS', '0', 'whole number from 1'],
  ['JWT_TTL_DAYS', '1e3', 'whole number from 1'],
  ['PORT', '0x10', 'whole number from 0'],
  ['PORT', ' 8787 ', 'whole number from 0'],
  ['PORT', '٨٧٨٧', 'whole number from 0'],
  ['OPENCODE_AGENT', ' build', 'without blanks'],
  ['DEV_MODE', 'TRUE', 'true or false'],
  ['AGENT_USER', 'nobody-of-this-machine', '/etc/passwd'],
  ['AGENT_HOME', '/dev/null', 'directory that exists'],
  ['AGENT_HOME', '/no/such/directory', 'directory that exists'],
  ['AGENT_HOME', 'home', 'absolute path'],
  ['DEV_MODE', 'maybe', 'true or false'],
  ['DEFAULT_MODEL', 'gpt-x', 'provider/model'],
  ['DEFAULT_MODEL', '/gpt-x', 'provider/model'],
  ['MAX_ITERATIONS', 'many', 'whole number from 1'],
  ['MAX_PARALLEL_MISSIONS', '0', 'whole number from 1'],
  ['STALE_MISSION_HOURS', '-1', 'whole number from 0'],
  ['TRASH_DAYS', 'never', 'whole number from 0'],
  ['TRUST_PROXY', 'yes', 'true or false'],
])('%s=%s stops the start and says what was expected', (name, value, expected) => {
  const start = () => read({ [name]: value });

  expect(start).toThrow(`${name} is "${value}": expected`);
  expect(start).toThrow(expected);
  expect(start).toThrow(`Example: ${name}=`);
});

test.each([
  ['DASHBOARD_PASSWORD', '   '],
  ['OPEN_AGENT_USERS', '[{"username":"ana","password":"s3cret-canary"}'],
  ['OPEN_AGENT_USERS', '{"username":"ana","password":"s3cret-canary"}'],
  ['OPEN_AGENT_USERS', '[{"username":"ana","pass":"s3cret-canary"}]'],
  ['OPEN_AGENT_USERS', '[{"username":"","password":"s3cret-canary"}]'],
  ['OPEN_AGENT_USERS', '[{"username":"ana","password":"b","password":"s3cret-canary"}]'],
  ['OPEN_AGENT_USERS', '[{"username":"ana","password":"s3cret-canary","isAdmin":true}]'],
  ['OPEN_AGENT_USERS', '[{"username":"ana","password":"s3cret-canary","admin":"true"}]'],
  [
    'OPEN_AGENT_USERS',
    '[{"id":"1","username":"a","password":"s3cret-canary"},{"id":"2","username":"a ","password":"b"}]',
  ],
  ['OPEN_AGENT_USERS', '[{"username":"ana","password":"s3cret-canary\\u0000"}]'],
  ['DASHBOARD_PASSWORD', 's3cret-canary\0'],
  ['DASHBOARD_PASSWORD', 'scrypt$s3cret-canary'],
  ['JWT_SECRET', ' s3cret-canary'],
  ['OPENCODE_CONFIG_CONTENT', '{"provider":{"x":1},"provider":{"y":"s3cret-canary"}}'],
  ['OPEN_AGENT_USERS', '[{"username":"ana","password":"s3cret-canary"},{"username":"ana","password":"b"}]'],
  ['OPENCODE_CONFIG_CONTENT', '{"provider":{"x":{"options":{"apiKey":"s3cret-canary"}}}'],
  ['OPENCODE_CONFIG_CONTENT', '["s3cret-canary"]'],
  ['OPENCODE_BASE_URL', 'ftp://user:s3cret-canary@127.0.0.1'],
  ['OPENCODE_BASE_URL', 'user:s3cret-canary@127.0.0.1:4096'],
])('%s=%s stops the start without repeating the secret', (name, value) => {
  const start = () => read({ [name]: value });

  expect(start).toThrow(`${name} has a wrong value: `);
  expect(start).not.toThrow('s3cret-canary');
});

test('every wrong variable is named at once', () => {
  expect(() => read({ PORT: 'x', DEV_MODE: 'y' })).toThrow(/PORT.*\n.*DEV_MODE/);
});

test.each([
  ['OPENAGENT_CONFG', 'OPENAGENT_CONFIG'],
  ['OPEN_AGENT_USER', 'OPEN_AGENT_USERS'],
])('the unknown variable %s with our prefix stops the start and suggests %s', (name, suggestion) => {
  expect(() => read({ [name]: 'x' })).toThrow(
    `${name} in the environment is not a variable of Open Agent. Did you mean ${suggestion}?`,
  );
});

test('an unknown key in our file stops the start, other variables of the environment do not', () => {
  writeConfig('JWT_SECRT=abc\n');

  expect(() => read({ EDITOR: 'vi' })).toThrow('is not a variable of Open Agent. Did you mean JWT_SECRET?');
});

test('a line of our file that would be read as something else stops the start, without its value', () => {
  writeConfig('PORT=1111\nDASHBOARD_PASSWORD=pä:ss w#rd $HOME 🙂\n');

  expect(() => read({})).toThrow(/^Line 2 of .*openagent\.env has a # in its value.*DASHBOARD_PASSWORD='…'/);
  expect(() => read({})).not.toThrow(/pä|w#rd/);
});

test('the environment wins over the file, and an empty value counts as not set', () => {
  writeConfig('PORT=1111\nHOST="::1"\nANTHROPIC_API_KEY=key-of-file\n');

  const settings = read({ PORT: '2222', HOST: '' });

  expect(settings).toMatchObject({ port: 2222, host: '::1' });
  expect(settings.environment.ANTHROPIC_API_KEY).toBe('key-of-file');
});

test('a named file must exist, and the file in the state directory cannot move that directory', () => {
  expect(() => read({ OPENAGENT_CONFIG: join(workingDir, 'none.env') })).toThrow('there is no such file');
  writeConfig('WORKING_DIR=/elsewhere\n');
  expect(() => read({})).toThrow('WORKING_DIR in');
});

test('authentication cannot be off on an address that others reach', () => {
  expect(() => read({ DEV_MODE: 'true', HOST: '0.0.0.0' })).toThrow('HOST must be a loopback address');
  expect(read({ DEV_MODE: 'true', HOST: '127.0.0.1' }).devMode).toBe(true);
});

test('variables of existing installations are accepted with one notice, without their values', () => {
  const { notices } = read({ MISSION_STORE_TYPE: 'sqlite', PRIVATE_KEY: 's3cret-canary', LIBRARY_REMOTE: 'git@x' });

  expect(notices).toEqual([
    'Accepted, and not used by this version yet: LIBRARY_REMOTE, MISSION_STORE_TYPE, PRIVATE_KEY.',
  ]);
});

test('users are read with their ids', () => {
  const { users } = read({
    OPEN_AGENT_USERS: '[{"id":"u1","username":"ana","password":" a "},{"username":"bo","password":"b"}]',
  });

  expect(users).toEqual([
    { id: 'u1', username: 'ana', password: 'a' },
    { username: 'bo', password: 'b' },
  ]);
});

const gigabyte = 1024 ** 3;

test.each([
  ['a small server', 1, 2 * gigabyte, 1],
  ['two cores, 4 GB', 2, 4 * gigabyte, 2],
  ['four cores, 8 GB', 4, 8 * gigabyte, 6],
  ['more memory than cores can use', 4, 64 * gigabyte, 8],
  ['a big server', 64, 512 * gigabyte, 32],
  ['less than what runs without any mission', 1, gigabyte / 2, 1],
])('missions at once where nobody said a number: %s', (_what, cores, memory, slots) => {
  expect(slotsFor(cores, memory)).toBe(slots);
});

test('missions at once are what was said, else what this machine carries', () => {
  expect(read({ MAX_PARALLEL_MISSIONS: '7' }).maxParallelMissions).toBe(7);
  expect(read({}).maxParallelMissions).toBe(defaultSlots());
  expect(defaultSlots()).toBeGreaterThan(0);
});

test('the documented table has a row for every variable', () => {
  for (const name of variableNames) expect(markdownTable()).toContain(`| \`${name}\` |`);
});
