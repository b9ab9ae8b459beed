import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labConfig } from '../support/lab.ts';
import { type Model, startModel } from '../support/model.ts';
import { answered, type Person, type Stack, startStack } from '../support/stack.ts';

const key = 'gsk-e2e-4711-do-not-leak';
let model: Model;
let stack: Stack;
let me: Person;

beforeAll(async () => {
  model = await startModel();
  // Without `enabled_providers`, so that others can be connected; the scripted model plays the other one, too.
  const { enabled_providers: _only, ...config } = JSON.parse(labConfig(model.url));
  stack = await startStack({ DEFAULT_MODEL: '', OPENCODE_CONFIG_CONTENT: JSON.stringify(config) });
  me = await stack.person();
});
afterAll(async () => {
  await stack.close();
  await model.close();
});

test('a provider connected by its key works in the next turn, beside a turn that is left in peace, until it is disconnected', async () => {
  const stream = await me.stream();
  const keyOf = async (text: string) => (await model.asked(({ userText }) => userText.includes(text))).apiKey;
  const idle = await me.say('SAY The first answer.');
  await stream.until(answered(idle.mission));
  const busy = await me.say('SAY It goes\nWAIT gate\nSAY on to its end.');
  await model.reached('gate');

  const added = await me.call('POST', '/api/ai/providers', {
    provider_type: 'groq',
    name: 'Groq',
    api_key: key,
    base_url: model.url,
  });
  expect(added.json).toMatchObject({ id: 'groq', has_api_key: true, status: { type: 'connected' } });
  expect((await me.call('POST', '/api/ai/providers/groq/default')).json).toMatchObject({ is_default: true });
  const offered = (await me.call('GET', '/api/providers')).json.providers;
  expect(offered.map(({ id }: { id: string }) => id).toSorted()).toEqual(['groq', 'lab']);

  // The mission that was idle had an instance without the key.
  await me.say('SAY With the new key.', idle.mission);
  expect(await keyOf('With the new key.')).toBe(key);

  model.release('gate');
  const first = await stream.until(answered(busy.mission));
  expect(first.data).toMatchObject({ success: true, model: 'lab/m1' });
  expect(String(first.data.content)).toMatch(/It goes.*on to its end\./s);
  await me.say('SAY Now this one too.', busy.mission);
  expect(await keyOf('Now this one too.')).toBe(key);

  // Whatever the agent says or prints of it is not shown.
  const told = await me.say(`SAY The key is ${key}, keep it.`, idle.mission);
  await stream.until(({ name, data }) => name === 'assistant_message' && String(data.content).includes('keep it'));
  const events = (await me.call('GET', `/api/control/missions/${told.mission}/events`)).text;
  expect(events).toContain('The key is [secret], keep it.');

  const removed = await me.call('DELETE', '/api/ai/providers/groq');
  expect(removed.text).toBe('Groq is disconnected.');
  await me.say('SAY Without it again.', idle.mission);
  expect(await keyOf('Without it again.')).toBe('lab-api-key');
  stream.close();

  const answers = [
    added,
    await me.call('GET', '/api/ai/providers'),
    await me.call('GET', '/api/ai/providers/opencode-auth'),
  ];
  expect(answers.map(({ text }) => text).join()).not.toContain(key);
  expect(stack.logs('host-agent') + stack.logs('edge')).not.toContain(key);
});

test('a key that was connected and removed is in no file of this server', async () => {
  const other = 'gsk-e2e-0815-nowhere';
  const stream = await me.stream();
  await me.call('POST', '/api/ai/providers', {
    provider_type: 'groq',
    name: 'Groq',
    api_key: other,
    base_url: model.url,
  });
  const { mission } = await me.say('SAY Said.');
  await stream.until(answered(mission));
  stream.close();
  const auth = join(stack.workingDir, '.openagent/opencode/data/opencode/auth.json');

  expect(filesWith(other)).toEqual([auth]);
  await me.call('DELETE', '/api/ai/providers/groq');
  expect(filesWith(other)).toEqual([]);
});

/** Files of the whole system that hold `text`: its logs and databases among them. */
const filesWith = (text: string): string[] =>
  readdirSync(stack.workingDir, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .filter((path) => readFileSync(path).includes(text));
