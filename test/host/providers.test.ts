import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerReplies } from '../../host-agent/calls/providers.ts';
import { replyToGroup } from '../../host-agent/calls/replies.ts';
import { openCodeClient } from '../../host-agent/opencode/api/client.ts';
import { endpointFile } from '../../host-agent/opencode/api/endpoint.ts';
import { providerApi } from '../../host-agent/opencode/api/provider-api.ts';
import { openCodeFolders } from '../../host-agent/opencode/config/folders.ts';
import { prepareOpenCode } from '../../host-agent/opencode/process/prepare.ts';
import { type OpenCodeProcess, startOpenCode } from '../../host-agent/opencode/process/process.ts';
import type { ProviderContext } from '../../host-agent/providers/context.ts';
import { makeDefault, preferredModel } from '../../host-agent/providers/default.ts';
import { providerFacts } from '../../host-agent/providers/facts.ts';
import { openProviderFile, type ProviderFile } from '../../host-agent/providers/file.ts';
import { Renewal } from '../../host-agent/providers/renewal.ts';
import { type Offer, type Provider, providerCalls } from '../../shared/calls/providers.ts';
import { handClock } from '../support/hand-clock.ts';
import { labConfig, labEnvironment } from '../support/lab.ts';
import { announce } from '../support/mission-host.ts';

const key = 'gsk-host-4711-do-not-leak';
const fromEnvironment = 'mistral-0815-from-the-environment';
let dir: string;
let openCode: OpenCodeProcess;
let file: ProviderFile;
let renewal: Renewal;
let context: ProviderContext;
let ask: (method: string, args?: object) => Promise<unknown>;
let connected: ReturnType<typeof providerApi>['connected'];
const remembered: string[] = [];
let renewals = 0;
const clock = handClock(Date.now());

/**
 * As OpenCode's own catalogue, which makes each of its instances some 0.3 s slower. Its default is the last by name.
 */
const catalogue = Object.fromEntries(
  ['anthropic', 'google', 'groq', 'mistral', 'xai'].map((id) => {
    const model = (name: string, tool_call: boolean) => {
      const limit = { context: 100_000, output: 8_000 };
      const can = { attachment: false, reasoning: false, temperature: true, tool_call };
      return [name, { id: name, name, release_date: tool_call ? name : '2027-01-01', ...can, limit }];
    };
    const names = ['2026-01-01', '2026-03-03', '2026-02-02'];
    const models = Object.fromEntries([...names.map((name) => model(name, true)), model('whisper', false)]);
    return [id, { id, name: id, env: [`${id.toUpperCase()}_API_KEY`], npm: '@ai-sdk/openai-compatible', models }];
  }),
);

const folders = () => openCodeFolders(join(dir, 'opencode'));
const environment = () => {
  const { enabled_providers: _any, ...config } = JSON.parse(labConfig('http://127.0.0.1:9/v1'));
  config.provider.lab.models.eyes.name = 'Half \ud83d of a name';
  writeFileSync(join(dir, 'catalogue.json'), JSON.stringify(catalogue));
  const models = { OPENCODE_MODELS_PATH: join(dir, 'catalogue.json') };
  return { ...labEnvironment(JSON.stringify(config)), ...models, MISTRAL_API_KEY: fromEnvironment };
};
const authFile = (): string => readFileSync(folders().authFile, 'utf8');
const create = (id: string, more: object) =>
  ask('providers.create', { id, name: id, api_key: null, base_url: null, enabled: true, ...more }) as Promise<Provider>;
const update = (id: string, more: object) => ask('providers.update', { id, ...more }) as Promise<Provider>;
const offers = async () => ((await ask('providers.models')) as { providers: Offer[] }).providers;
const list = () => ask('providers.list') as Promise<Provider[]>;
const refusal = (asked: Promise<unknown>) =>
  asked.then(
    () => 'nothing was refused',
    ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
  );

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'providers-'));
  const prepared = await prepareOpenCode({ dir: join(dir, 'opencode'), env: environment() });
  // Plugins of a person bring logins that OpenCode itself does not have.
  mkdirSync(join(folders().givenConfig, 'plugin'));
  writeFileSync(join(folders().givenConfig, 'plugin', 'logins.js'), loginPlugin(join(dir, 'person-is-done')));
  openCode = await startOpenCode({ prepared });
  const serverFile = join(dir, 'opencode', 'server.json');
  announce(serverFile, openCode);
  const endpoint = endpointFile(serverFile);
  const client = openCodeClient(endpoint);
  const api = providerApi(endpoint);
  connected = api.connected;
  file = openProviderFile(join(dir, 'providers.json'));
  renewal = new Renewal(file, () => client.process());
  context = {
    api,
    file,
    renewal,
    folders: folders(),
    ...providerFacts({ client, folders: folders() }),
    defaultModel: null,
    remember: (secret) => remembered.push(secret),
    renewMissions: () => {
      renewals++;
    },
    clock,
  };
  const reply = replyToGroup(providerCalls, providerReplies(context));
  ask = (method, args = {}) => reply(method, args);
});
afterAll(async () => {
  await openCode.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Two logins as plugins have them: one in which a code is pasted, one that ends by itself when the person is done. */
const loginPlugin = (done: string): string => `
import { existsSync } from 'node:fs';
const tokens = (name) => ({ type: 'success', refresh: name + '-refresh-4711', access: name + '-access-4711', expires: Date.now() + 3600000 });
export const Pasted = async () => ({ auth: { provider: 'anthropic', loader: async () => ({ apiKey: 'by-login' }), methods: [
  { type: 'api', label: 'Manually enter API Key' },
  { type: 'oauth', label: 'Claude Pro/Max', authorize: async () => ({ url: 'https://login.example/a', instructions: 'Paste the code here:', method: 'code',
    callback: async (code) => code === 'right#state' ? tokens('pasted') : { type: 'failed' } }) },
] } });
export const Automatic = async () => ({ auth: { provider: 'google', loader: async () => ({ apiKey: 'by-login' }), methods: [
  { type: 'oauth', label: 'OAuth with Google (Gemini CLI)', authorize: async () => ({ url: 'https://login.example/g', instructions: 'Enter code: AB-12.', method: 'auto',
    callback: async () => { while (!existsSync(${JSON.stringify(done)})) await new Promise((go) => setTimeout(go, 20)); return tokens('automatic'); } }) },
] } });
`;

test('a key connects a provider at once: its models are offered, OpenCode keeps the key, and nothing else has it', async () => {
  expect((await offers()).map(({ id }) => id).toSorted()).toEqual(['lab', 'mistral']);
  expect((await offers()).find(({ id }) => id === 'lab')?.models.map(({ name }) => name)).toContain(
    'Half \ufffd of a name',
  );
  const before = renewals;

  const groq = await create('groq', { name: 'My Groq', api_key: ` ${key} `, base_url: 'http://127.0.0.1:9/v1/' });

  expect(groq).toMatchObject({
    id: 'groq',
    name: 'My Groq',
    provider_type_name: 'Groq',
    has_api_key: true,
    has_oauth: false,
    base_url: 'http://127.0.0.1:9/v1',
    status: { type: 'connected' },
    auth_methods: [{ label: 'API Key', type: 'api' }],
  });
  const offered = (await offers()).find(({ id }) => id === 'groq');
  expect(offered).toMatchObject({ name: 'My Groq', billing: 'pay-per-token' });
  // An agent can't work with one for speech.
  expect(offered?.models.map(({ id }) => id).toSorted()).toEqual(['2026-01-01', '2026-02-02', '2026-03-03']);
  expect(renewals).toBe(before + 1);
  expect(remembered).toEqual([key]);
  expect(filesWith(key)).toEqual([folders().authFile]);
  expect(JSON.stringify([await list(), await offers()])).not.toMatch(new RegExp(`${key}|${fromEnvironment}`));
});

test('name, base URL and "enabled" can be changed, and null clears', async () => {
  expect(await update('groq', { name: 'Other', base_url: null })).toMatchObject({ name: 'Other', base_url: null });

  const off = await update('groq', { enabled: false });
  expect(off).toMatchObject({ enabled: false, has_api_key: true, status: { type: 'unknown' } });
  expect((await offers()).map(({ id }) => id)).not.toContain('groq');

  expect(await update('groq', { enabled: true })).toMatchObject({ name: 'Other', status: { type: 'connected' } });
  const without = await update('groq', { api_key: null });
  expect(without).toMatchObject({ has_api_key: false, status: { type: 'needs_auth', auth_url: null } });
  expect(authFile()).not.toContain(key);
  expect((await update('groq', { api_key: key })).status).toEqual({ type: 'connected' });
});

test('a key goes to no origin that it was not given for, whatever brought it here', async () => {
  const other = 'http://evil.example';
  const newKey = 'gsk-host-0815-for-another-address';
  await create('xai', { name: 'xAI', api_key: key, base_url: 'http://127.0.0.1:9/v1' });
  const refused = /^bad_request: A new address in base_url needs a new key in the same request \(api_key\)/;

  for (const base_url of [other, 'https://127.0.0.1:9/v1', 'http://127.0.0.1:10/v1', 'http://127.0.0.2:9/v1'])
    expect(await refusal(update('xai', { base_url })), base_url).toMatch(refused);
  // Also as if it were new, switched off, and after it was back at its own address.
  expect(await refusal(create('xai', { base_url: other }))).toMatch(refused);
  expect(await refusal(update('xai', { base_url: other, enabled: false }))).toMatch(refused);
  expect(authFile()).toContain(key);
  // Without any key here there is none to be sent.
  await update('xai', { api_key: null });
  expect(await update('xai', { base_url: other })).toMatchObject({ base_url: other });
  await update('xai', { base_url: null, api_key: newKey });
  expect(await refusal(update('xai', { base_url: other }))).toMatch(refused);

  // Another path of the same origin, a new key with it, and the way back to its own address are no such move.
  expect(await update('xai', { base_url: other, api_key: newKey })).toMatchObject({ base_url: other });
  expect(await update('xai', { base_url: `${other}/v2` })).toMatchObject({ base_url: `${other}/v2` });
  expect(await update('xai', { base_url: null })).toMatchObject({ base_url: null });
  await ask('providers.remove', { id: 'xai' });
});

test('a key of the environment goes to no new address, also while it is taken out until the next start', async () => {
  const move = () => refusal(update('mistral', { base_url: 'http://evil.example' }));

  expect(await move()).toContain('comes from MISTRAL_API_KEY in the environment of this server');
  await context.api.forget('mistral');
  expect(await move()).toContain('comes from MISTRAL_API_KEY in the environment of this server');
  await context.api.setKey('mistral', fromEnvironment);
});

test('a login goes to no address but the one that it is for', async () => {
  await create('anthropic', { name: 'A', api_key: 'sk-ant-host-4711', base_url: 'http://127.0.0.1:9/v1' });
  expect(await refusal(ask('providers.authorize', { id: 'anthropic', method_index: 0 }))).toBe(
    'bad_request: Anthropic has the base_url http://127.0.0.1:9/v1, which would be sent this login. Clear it (base_url null), then log in.',
  );
  await ask('providers.remove', { id: 'anthropic' });
  await ask('providers.authorize', { id: 'anthropic', method_index: 0 });
  await ask('providers.callback', { id: 'anthropic', method_index: 0, code: 'right#state' });

  expect(await refusal(update('anthropic', { base_url: 'http://evil.example' }))).toContain('a new key in the same');
  await ask('providers.remove', { id: 'anthropic' });
});

test('what this OpenCode cannot do is refused with what to do instead, and changes nothing', async () => {
  const before = authFile();
  const refused = async (id: string, change: object) => refusal(update(id, change));

  expect(await refused('amazon-bedrock', { api_key: 'k-1' })).toMatch(/^bad_request: .*OPENCODE_CONFIG_CONTENT/);
  expect(await refused('custom', { api_key: 'k-1' })).toMatch(/^bad_request: .*models/);
  expect(await refused('github-copilot', { api_key: 'k-1' })).toMatch(/^bad_request: .*login/);
  expect(await refused('azure', { api_key: 'k-1' })).toMatch(/^bad_request: .*base URL/);
  expect(await refused('xai', { api_key: '  ' })).toMatch(/^bad_request: .*empty/);
  expect(await refused('xai', { name: ' ' })).toMatch(/^bad_request: Name/);
  expect(await refused('xai', { base_url: 'ftp://x' })).toMatch(/^bad_request: Invalid URL/);
  expect(await refused('xai', { base_url: 'https://user:secret-word@x' })).not.toContain('secret-word');
  expect(await refused('mistral', { api_key: 'k-1' })).toMatch(/^bad_request: .*MISTRAL_API_KEY/);
  const begin = (id: string, method_index: number) => refusal(ask('providers.authorize', { id, method_index }));
  expect(await begin('anthropic', 1)).toMatch(/^bad_request: .*API key/);
  expect(await begin('groq', 0)).toMatch(/^bad_request/);
  expect(await begin('groq', 7)).toMatch(/^bad_request/);
  expect(authFile()).toBe(before);
  expect((await list()).map(({ id }) => id).toSorted()).toEqual(['groq', 'mistral']);
});

test('a login is begun, ended by the pasted code once, and forgotten when it fails', async () => {
  const end = (code: string) => ask('providers.callback', { id: 'anthropic', method_index: 0, code });
  const begin = () => ask('providers.authorize', { id: 'anthropic', method_index: 0 });

  expect(await refusal(end('right#state'))).toMatch(/^bad_request: .*pending/);
  expect(await begin()).toEqual({
    url: 'https://login.example/a',
    instructions: 'Paste the code here:',
    method: 'code',
  });
  expect(await refusal(end('wrong'))).toMatch(/^bad_gateway/);
  expect(await refusal(end('right#state'))).toMatch(/^bad_request: .*pending/);
  await begin();
  clock.advance(11 * 60_000);
  expect(await refusal(end('right#state'))).toMatch(/^bad_request: .*10 minutes/);
  await begin();

  expect(await end('right#state')).toMatchObject({
    id: 'anthropic',
    has_oauth: true,
    has_api_key: false,
    status: { type: 'connected' },
  });
  expect((await offers()).find(({ id }) => id === 'anthropic')).toMatchObject({ billing: 'subscription' });
  expect(JSON.parse(authFile()).anthropic).toMatchObject({ type: 'oauth', access: 'pasted-access-4711' });
  expect(filesWith('pasted-access-4711')).toEqual([folders().authFile]);
});

test('a login that ends by itself waits for the person, while other providers come and go', async () => {
  const { instructions } = (await ask('providers.authorize', { id: 'google', method_index: 0 })) as {
    instructions: string;
  };
  expect(instructions).toMatch(/AB-12.*any text/);
  let isDone = false;
  const ended = ask('providers.callback', { id: 'google', method_index: 0, code: 'done' }).then((answer) => {
    isDone = true;
    return answer;
  });

  expect((await update('xai', { api_key: 'xai-1234567' })).status).toEqual({ type: 'connected' });
  expect(isDone).toBe(false);
  writeFileSync(join(dir, 'person-is-done'), '');

  expect(await ended).toMatchObject({ id: 'google', has_oauth: true, status: { type: 'connected' } });
});

test('the default provider gives the model of messages that name none, and one that an agent can work with', async () => {
  const preferred = () => preferredModel(file, () => connected(folders().home));
  expect(await preferred()).toBeNull();
  expect(await refusal(ask('providers.default', { id: 'cohere', model: null }))).toMatch(
    /^bad_request: .*not connected/,
  );

  expect(await ask('providers.default', { id: 'groq', model: null })).toMatchObject({ is_default: true });
  expect(await preferred()).toBe('groq/2026-03-03');
  const model = '2026-01-01';
  await ask('providers.default', { id: 'groq', model });
  expect(await preferred()).toBe(`groq/${model}`);
  expect(await refusal(ask('providers.default', { id: 'groq', model: 'none' }))).toMatch(/^bad_request/);
  // DEFAULT_MODEL wins over a default provider, so choosing one is refused.
  const configured = { ...context, defaultModel: 'lab/m1' };
  expect(await refusal(makeDefault(configured, 'groq', null))).toMatch(/^bad_request: DEFAULT_MODEL/);
  expect((await list()).filter(({ is_default }) => is_default).map(({ id }) => id)).toEqual(['groq']);
});

test('a removed provider stays away, and one whose key is in the environment says that it will be back', async () => {
  expect(await ask('providers.remove', { id: 'groq' })).toEqual({ text: 'Groq is disconnected.' });
  const { text } = (await ask('providers.remove', { id: 'mistral' })) as { text: string };

  expect(text).toContain('MISTRAL_API_KEY');
  expect(file.get().default).toBeNull();
  expect((await offers()).map(({ id }) => id)).not.toContain('groq');
  expect(filesWith(key)).toEqual([]);
  await prepareOpenCode({ dir: join(dir, 'opencode'), env: environment() }); // As the next start does.
  expect(Object.keys(JSON.parse(authFile()))).toContain('mistral');
  expect(Object.keys(JSON.parse(authFile()))).not.toContain('groq');
});

test('an instance is due for renewal after a change, once, and in the same OpenCode process only', async () => {
  const elsewhere = new Renewal(file, () => 'another process');
  expect([renewal.isDue('/a'), elsewhere.isDue('/a')]).toEqual([true, false]);
  renewal.done('/a');
  expect([renewal.isDue('/a'), renewal.isDue('/b')]).toEqual([false, true]);

  await update('xai', { name: 'xAI again' });
  expect(renewal.isDue('/a')).toBe(true);
});

test('while OpenCode is away, what is kept can still be seen', async () => {
  await openCode.stop();

  expect((await list()).find(({ id }) => id === 'xai')).toMatchObject({ has_api_key: true, status: { type: 'error' } });
  expect(await refusal(update('xai', { api_key: 'xai-7654321' }))).toMatch(/^unavailable/);
});

/** Files below the state directory that hold `text`, OpenCode's database and logs among them. */
const filesWith = (text: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .filter((path) => readFileSync(path).includes(text));
