import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startAlteringProxy } from '../support/altering-proxy.ts';
import { startCommand } from '../support/command.ts';
import { startProxy } from '../support/loopback-proxy.ts';
import { type Person, password, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let me: Person;
let token: string;

beforeAll(async () => {
  stack = await startStack();
  me = await stack.person();
  token = (await stack.anyone.call('POST', '/api/auth/login', { password })).json.token;
});
afterAll(() => stack.close());

const startAt = (url: string, args: string[]) =>
  startCommand(args, { HOME: '/nonexistent', OPENAGENT_URL: url, OPENAGENT_TOKEN: token });

const words = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, n) => `word${from + n} `);
const script = (gate: string): string =>
  `REASON Hm.\nCHUNKS ${JSON.stringify(words(0, 40))}\nWAIT ${gate}\nCHUNKS ${JSON.stringify(words(40, 80))}`;
const answer = words(0, 80).join('');

test('a stream that is cut while an answer is written goes on exactly where it was', async () => {
  const proxy = await startProxy(stack.url());
  const running = startAt(proxy.url, ['run', '--json', script('cut')]);
  await running.printed('out', 'word39');
  for (const gate of ['again', 'cut']) {
    proxy.cut();
    await running.printed('out', /"state":"away"\}\n(?!.*"state":"back")/s);
    // What is written while nobody is connected is what a careless viewer would miss.
    if (gate === 'cut') stack.model.release('cut');
    proxy.mend();
    await running.printed('out', /"state":"back"\}\n(?!.*"state":"away")/s);
  }
  const { code, out } = await running.ended;
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

  expect(code).toBe(0);
  const texts = lines.filter(({ type, kind }) => type === 'text' && kind === 'text');
  expect(texts.map(({ text }) => text).join('')).toBe(answer);
  expect(
    lines
      .filter(({ type, kind }) => type === 'text' && kind === 'reasoning')
      .map(({ text }) => text)
      .join(''),
  ).toBe('Hm.');
  expect(lines.filter(({ type }) => type === 'end')).toMatchObject([{ outcome: 'completed', text: answer }]);
});

test('an edge that is killed and started again costs no word and repeats none', async () => {
  const running = startAt(stack.url(), ['run', script('killed')]);
  await running.printed('out', 'word39');
  stack.kill('edge');
  await running.printed('err', 'trying again');
  stack.model.release('killed');
  const { code, out, err } = await running.ended;

  expect([code, out]).toEqual([0, `${answer}\n`]);
  expect(err).toContain('The edge answers again.');
});

test('answers of the edge that are lost on the way make no second mission and no second message', async () => {
  const proxy = await startAlteringProxy(stack.url());
  onTestFinished(() => void proxy.close());
  const lost = new Map<string, number>();
  proxy.alter = (path, text) => {
    const times = lost.get(path) ?? 0;
    lost.set(path, times + 1);
    return times < 2 ? null : text;
  };
  const before = (await me.call('GET', '/api/control/missions')).json.length;

  const { code, out } = await startAt(proxy.url, ['run', '--detach', 'SAY Once.']).ended;

  expect([code, [...lost.values()]]).toEqual([0, [3, 3]]);
  expect((await me.call('GET', '/api/control/missions')).json).toHaveLength(before + 1);
  const events = (await me.call('GET', `/api/control/missions/${out.trim()}/events?types=user_message`)).json;
  expect(events).toHaveLength(1);
});
