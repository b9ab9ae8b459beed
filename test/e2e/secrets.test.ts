import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answered, type Person, type Stack, startStack } from '../support/stack.ts';

const canary = 'sk-canary-4711-do-not-leak';
const other = 'sk-canary-0815-from-the-environment';
let stack: Stack;
let me: Person;

beforeAll(async () => {
  stack = await startStack({ ANTHROPIC_API_KEY: other }, canary);
  me = await stack.person();
});
afterAll(() => stack.close());

test('a key never shows up when the agent prints its environment, and the model still gets it', async () => {
  const stream = await me.stream();
  const deltas = await me.stream('?format=delta');
  const { mission } = await me.say(
    'TOOL bash {"command":"env; cat /proc/*/environ /proc/*/cmdline","description":"look"}\nSAY Looked.',
  );
  await stream.until(answered(mission));
  const events = await me.call('GET', `/api/control/missions/${mission}/events`);
  stream.close();
  deltas.close();

  expect(events.text).toContain('PATH='); // It has printed an environment.
  for (const secret of [canary, other]) {
    expect(events.text).not.toContain(secret);
    expect(JSON.stringify([stream.events, deltas.events])).not.toContain(secret);
    expect(logsOf(stack.workingDir)).not.toContain(secret);
    expect(execFileSync('ps', ['axww', '-o', 'args'], { encoding: 'utf8' })).not.toContain(secret);
  }
  expect(stack.model.requests.at(-1)?.apiKey).toBe(canary);
});

test('a secret that the model spells out token by token is shown as [secret]', async () => {
  const stream = await me.stream('?format=delta');
  const pieces = JSON.stringify(['It is ', canary.slice(0, 5), canary.slice(5, 12), canary.slice(12), ', keep it.']);
  const { mission } = await me.say(`CHUNKS ${pieces}`);
  await stream.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  stream.close();
  const events = (await me.call('GET', `/api/control/missions/${mission}/events`)).json;

  expect(events.at(-1).content).toBe('It is [secret], keep it.');
  const spoken = stream.events.filter(({ name }) => name === 'delta').map(({ data }) => data.text);
  expect('It is [secret], keep it.'.startsWith(spoken.join(''))).toBe(true);
});

test('a secret that a command prints in pieces is seen as [secret] while it runs, and in its result', async () => {
  const stream = await me.stream('?format=delta');
  // Put together by the shell, so that the command line itself has no secret in it.
  const line = `a=${canary.slice(0, 9)}; b=${canary.slice(9)}; printf %s $a; sleep 0.3; printf '%s it was\\n' $b; sleep 0.3`;
  const { mission } = await me.say(
    `TOOL bash ${JSON.stringify({ command: line, description: 'print it' })}\nSAY Done.`,
  );
  await stream.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  stream.close();

  const printed = stream.events.filter(({ name }) => name === 'output').map(({ data }) => data.text);
  expect(printed.join('')).toBe('[secret] it was\n');
  const result = stream.events.find(({ name }) => name === 'tool.result');
  expect(result?.data.result).toBe('[secret] it was');
  expect(JSON.stringify(stream.events)).not.toContain(canary);
});

const logsOf = (workingDir: string): string => {
  const directory = join(workingDir, '.openagent', 'logs');
  return readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('\n');
};
