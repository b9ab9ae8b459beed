// Somebody watches a command that prints slowly: each line is seen before the command ends, by every kind of viewer
// that shows it, and by no other.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runs } from '../support/asking-agent.ts';
import { startCommand } from '../support/command.ts';
import { answered, type Person, password, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let me: Person;
let environment: Record<string, string>;

beforeAll(async () => {
  stack = await startStack();
  me = await stack.person();
  const { token } = (await stack.anyone.call('POST', '/api/auth/login', { password })).json;
  environment = { HOME: '/nonexistent', OPENAGENT_URL: stack.url(), OPENAGENT_TOKEN: token };
});
afterAll(() => stack.close());

const lines = ['line-one', 'line-two', 'line-three'];
/** Prints each line when somebody has made a file of its name, and ends when there is one called `end`. */
const script = runs(
  [
    ...lines.map((line) => `until [ -e ${line} ]; do sleep 0.02; done; echo ${line}`),
    'until [ -e end ]; do sleep 0.02; done',
  ].join('; '),
);
const allow = (mission: string, name: string): void => writeFileSync(join(stack.missionDirectory(mission), name), '');

test('a command that prints slowly is seen line by line before it ends, also by who joins in the middle', async () => {
  const [stream, apps] = [await me.stream('?format=delta'), await me.stream()];
  const { mission } = await me.say(`${script}\nSAY Done.`);
  const called = await stream.until(({ name, data }) => name === 'tool.called' && data.mission_id === mission);
  const sees = (reader: typeof stream, text: string) =>
    reader.until(({ name, data }) => name === 'output' && String(data.text).includes(text));

  for (const line of lines) {
    allow(mission, line);
    const { data } = await sees(stream, line);
    expect(data).toMatchObject({ mission_id: mission, tool_call_id: called.data.tool_call_id });
  }
  const joined = await me.stream('?format=delta');
  const { data: snapshot } = await joined.until(({ name }) => name === 'snapshot');
  expect(snapshot.outputs).toEqual([
    { mission_id: mission, tool_call_id: called.data.tool_call_id, off: 0, text: `${lines.join('\n')}\n` },
  ]);
  expect(stream.events.map(({ name }) => name)).not.toContain('tool.result');
  allow(mission, 'end');

  const { data: result } = await stream.until(({ name }) => name === 'tool.result');
  expect(result).toMatchObject({ result: lines.join('\n'), view: { kind: 'shell', exitCode: 0 } });
  await apps.until(answered(mission));
  expect(apps.events.map(({ name }) => name)).not.toContain('output');
  expect(JSON.stringify(apps.events)).not.toContain('"view"');
  for (const reader of [stream, apps, joined]) reader.close();
});

test('openagent run and show print what a command prints while it runs', async () => {
  const stream = await me.stream('?format=delta');
  const running = startCommand(['run', '--verbose', `${script}\nSAY Done.`], environment);
  const { data } = await stream.until(({ name }) => name === 'tool.called');
  const mission = String(data.mission_id);
  allow(mission, 'line-one');
  await running.printed('err', 'line-one\n');
  const shown = startCommand(['show', '--follow', '--verbose', mission], environment);
  const json = startCommand(['show', '--follow', '--json', mission], environment);
  await Promise.all([shown.printed('err', 'line-one\n'), json.printed('out', '"text":"line-one\\n"')]);
  allow(mission, 'line-two');
  await Promise.all([
    running.printed('err', 'line-two\n'),
    shown.printed('err', 'line-two\n'),
    json.printed('out', '"off":9,"text":"line-two\\n"'),
  ]);
  allow(mission, 'line-three');
  allow(mission, 'end');
  stream.close();

  const ends = await Promise.all([running.ended, shown.ended, json.ended]);
  expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
  const [ran] = ends;
  expect(ran?.out).toBe('Done.\n');
  expect(ran?.err).toMatch(/→ bash .*\nline-one\nline-two\n(line-three\n)?← bash line-one line-two line-three/);
});
