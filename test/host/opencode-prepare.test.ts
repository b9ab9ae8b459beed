import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCodeFolders } from '../../host-agent/opencode/config/folders.ts';
import { platformPackages } from '../../host-agent/opencode/process/binary.ts';
import { prepareOpenCode } from '../../host-agent/opencode/process/prepare.ts';

let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'prepare-')), 'opencode');
});
afterEach(() => rmSync(dirname(dir), { recursive: true, force: true }));

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const prepare = (env: Record<string, string> = {}) => prepareOpenCode({ dir, env: { PATH: '/usr/bin:/bin', ...env } });
const write = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

test('provider keys end in a private auth.json and not in the environment', async () => {
  const prepared = await prepare({
    ANTHROPIC_API_KEY: 'sk-ant-1',
    GEMINI_API_KEY: 'gem-1',
    OTHER_SECRET: 'x',
    TZ: 'UTC',
  });

  const { authFile } = openCodeFolders(dir);
  expect(json(authFile)).toEqual({
    anthropic: { type: 'api', key: 'sk-ant-1' },
    google: { type: 'api', key: 'gem-1' },
  });
  expect([mode(authFile), mode(dir)]).toEqual(['600', '700']);
  expect(JSON.stringify(prepared.env)).not.toMatch(/sk-ant-1|gem-1|OTHER_SECRET/);
  expect(prepared.env).toMatchObject({ PATH: '/usr/bin:/bin', TZ: 'UTC' });
  expect(prepared.secrets).toEqual(expect.arrayContaining(['sk-ant-1', 'gem-1', prepared.password]));
});

test('a key replaces the stored key, and neither a login nor an unknown entry', async () => {
  const { authFile } = openCodeFolders(dir);
  const login = { type: 'oauth', refresh: 'r-1', access: 'a-1', expires: 1 };
  write(
    authFile,
    JSON.stringify({ openai: login, groq: { type: 'api', key: 'old' }, own: { type: 'wellknown', token: 't-1' } }),
  );

  const { secrets } = await prepare({ OPENAI_API_KEY: 'sk-2', GROQ_API_KEY: 'new' });

  expect(json(authFile)).toMatchObject({ openai: login, groq: { key: 'new' }, own: { token: 't-1' } });
  expect(secrets).toEqual(expect.arrayContaining(['r-1', 'a-1', 'new', 't-1']));
});

test('a damaged auth.json is reported by name, without its content, and kept', async () => {
  const { authFile } = openCodeFolders(dir);
  write(authFile, '{"openai":{"key":"sk-hidden"');

  const failure = await prepare({ OPENAI_API_KEY: 'sk-2' }).catch(String);

  expect(failure).toContain(authFile);
  expect(failure).not.toContain('sk-hidden');
  expect(readFileSync(authFile, 'utf8')).toContain('sk-hidden');
});

test('a config given by environment becomes a private directory with its keys in files', async () => {
  const provider = {
    lab: { npm: '@ai-sdk/openai-compatible', models: {}, options: { apiKey: '{env:LAB}', baseURL: 'http://x' } },
  };
  const content = JSON.stringify({ provider, mcp: { m: { headers: { Authorization: 'Bearer m-1' } } } });

  const prepared = await prepare({ OPENCODE_CONFIG_CONTENT: content, LAB: 'lab-1', OPENCODE_PURE: '1' });

  const { givenConfig, providerKeys } = openCodeFolders(dir);
  const keyFile = join(providerKeys, 'lab');
  expect(json(join(givenConfig, 'opencode.json'))).toMatchObject({
    provider: { lab: { options: { apiKey: `{file:${keyFile}}`, baseURL: 'http://x' } } },
  });
  expect([mode(keyFile), mode(join(givenConfig, 'opencode.json'))]).toEqual(['600', '600']);
  expect(readFileSync(keyFile, 'utf8')).toBe('lab-1');
  expect(prepared.env).toMatchObject({ OPENCODE_CONFIG_DIR: givenConfig, OPENCODE_PURE: '1' });
  expect(JSON.stringify(prepared.env)).not.toMatch(/lab-1|m-1/);
  expect(prepared.secrets).toEqual(expect.arrayContaining(['lab-1', 'Bearer m-1']));
});

test('the built-in catalogue is left out only where the config has all providers there may be, and a given file wins', async () => {
  const lab = { npm: 'x', models: { m: {} } };
  const path = async (config: object, env: Record<string, string> = {}) =>
    (await prepare({ OPENCODE_CONFIG_CONTENT: JSON.stringify(config), ...env })).env.OPENCODE_MODELS_PATH;

  const empty = await path({ provider: { lab }, enabled_providers: ['lab'] });
  expect(json(empty ?? '')).toEqual({});
  expect(await path({ provider: { lab } })).toBeUndefined(); // Another one may be connected at any time.
  expect(await path({ provider: { lab, groq: {} }, enabled_providers: ['lab', 'groq'] })).toBeUndefined();
  expect(await path({ enabled_providers: ['lab'] })).toBeUndefined();
  expect(await path({ provider: { lab } }, { OPENCODE_MODELS_PATH: '/own.json' })).toBe('/own.json');
  expect((await prepare()).env.OPENCODE_MODELS_PATH).toBeUndefined();
});

test('provider settings of ours are a config file of OpenCode, unless the person has one, and survive a start if they can be read', async () => {
  const { providerSettings, startFacts } = openCodeFolders(dir);
  const settings = '{"$schema":"https://opencode.ai/config.json","disabled_providers":["groq"]}';

  expect((await prepare({ GROQ_API_KEY: 'gsk-1' })).env.OPENCODE_CONFIG).toBe(providerSettings);
  expect(json(startFacts)).toMatchObject({ variables: { groq: 'GROQ_API_KEY' }, settingsUnused: null });
  expect(readFileSync(startFacts, 'utf8')).not.toContain('gsk-1');
  writeFileSync(providerSettings, settings);
  await prepare();
  expect(readFileSync(providerSettings, 'utf8')).toBe(settings);
  writeFileSync(providerSettings, '{"disabled');
  await prepare();
  expect(json(providerSettings)).toEqual({ $schema: 'https://opencode.ai/config.json' });
  const own = await prepare({ OPENCODE_CONFIG: '/own.json' });
  expect(own.env.OPENCODE_CONFIG).toBe('/own.json');
  expect(json(startFacts)).toMatchObject({ settingsUnused: expect.stringContaining('OPENCODE_CONFIG') });
});

test('our global config follows our version, one changed by a person is kept and said', async () => {
  const path = join(openCodeFolders(dir).globalConfig, 'opencode.json');
  await prepare();
  expect(json(path)).toMatchObject({
    share: 'disabled',
    snapshot: false,
    disabled_providers: ['opencode'],
    permission: { external_directory: 'allow', doom_loop: 'allow', read: 'allow' },
  });
  await prepare({ OPENCODE_PERMISSIVE: 'false' });
  expect(json(path)).not.toHaveProperty('permission');

  const withGateway = await prepare({ OPENCODE_API_KEY: 'zen-key' });
  expect(json(path)).not.toHaveProperty('disabled_providers');
  expect(withGateway.warnings).toEqual([]);

  writeFileSync(path, '{"permission":{"bash":"ask"}}');
  const { warnings } = await prepare();
  expect(readFileSync(path, 'utf8')).toBe('{"permission":{"bash":"ask"}}');
  expect(warnings.join()).toContain(path);
});

test('the program is chosen by processor and C library', () => {
  const linux = { platform: 'linux', arch: 'x64', musl: false, avx2: true };

  expect(platformPackages(linux)).toEqual(['opencode-linux-x64', 'opencode-linux-x64-baseline']);
  expect(platformPackages({ ...linux, avx2: false })).toEqual(['opencode-linux-x64-baseline']);
  expect(platformPackages({ ...linux, musl: true, avx2: false })).toEqual(['opencode-linux-x64-baseline-musl']);
  expect(platformPackages({ ...linux, arch: 'arm64' })).toEqual(['opencode-linux-arm64']);
});

test('AGENT_HOME is given to commands by a plugin, which goes when it is unset and is said to be without effect where plugins are off', async () => {
  const plugin = join(openCodeFolders(dir).globalConfig, 'plugin', 'agent-home.js');
  const home = dirname(dir);
  const withHome = await prepare({ AGENT_HOME: home, OPENCODE_PURE: '1' });
  expect(readFileSync(plugin, 'utf8')).toContain(JSON.stringify(home));
  expect(withHome.env.HOME).toBe(openCodeFolders(dir).home);
  expect(withHome.env).not.toHaveProperty('AGENT_HOME');
  expect(withHome.warnings.join()).toContain('AGENT_HOME has no effect');

  expect((await prepare()).warnings).toEqual([]);
  expect(existsSync(plugin)).toBe(false);
});

test('with hands OpenCode gets the plug-in, and rules that keep its own tools away until the plug-in is there', async () => {
  const bundle = join(dirname(dir), 'bundle.js');
  writeFileSync(bundle, 'export const x = 1;\n');
  const installed = join(openCodeFolders(dir).globalConfig, 'plugin', 'open-agent-hands.js');
  const env = { PATH: '/usr/bin:/bin', OPENCODE_PERMISSION: '{"bash":{"rm *":"deny"}}', OPENCODE_PURE: '1' };
  const hands = { socket: '/state/hands.sock', bundle };

  const prepared = await prepareOpenCode({ dir, env, hands });

  expect(readFileSync(installed, 'utf8')).toMatch(
    /= \{"socket":"\/state\/hands\.sock","seesTrees":true\};\nexport const x = 1;\n$/,
  );
  expect(JSON.parse(prepared.env.OPENCODE_PERMISSION ?? '')).toMatchObject({
    bash: { 'rm *': 'deny' },
    'edi?': 'deny',
  });
  expect(prepared.warnings).toEqual([expect.stringContaining('OPENCODE_PURE')]);
  const { startFacts } = openCodeFolders(dir);
  expect(json(startFacts)).toMatchObject({ hands: true, covered: false });
  await prepareOpenCode({ dir, env, hands, cover: { shown: '/usr', over: '/opt' } });
  expect(json(startFacts)).toMatchObject({ hands: true, covered: true });

  const invalid = { ...env, OPENCODE_PERMISSION: 'ask' };
  await expect(prepareOpenCode({ dir, env: invalid, hands })).rejects.toThrow('OPENCODE_PERMISSION is not a JSON');
  const missing = { ...hands, bundle: '/nowhere.js' };
  await expect(prepareOpenCode({ dir, env, hands: missing })).rejects.toThrow('/nowhere.js is missing');
  await prepareOpenCode({ dir, env });
  expect(existsSync(installed)).toBe(false);
});
