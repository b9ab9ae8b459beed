// What turns change in files, with everything real: an agent that edits, the API, the command line.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { changesOfMission, diffOfStep, undone } from '../../shared/changes.ts';
import { startCommand } from '../support/command.ts';
import { answered, type Person, password, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let me: Person;

beforeAll(async () => {
  stack = await startStack();
  me = await stack.person();
});
afterAll(() => stack.close());

const directoryOf = (mission: string): string => join(stack.workingDir, 'workspaces', `mission-${mission.slice(0, 8)}`);

/** Says something in a mission and waits for its answer. */
const say = async (content: string, mission?: string): Promise<string> => {
  const stream = await me.stream();
  const said = await me.say(content, mission);
  await stream.until(answered(said.mission));
  stream.close();
  return said.mission;
};

const changesIn = async (mission: string) =>
  changesOfMission.parse((await me.call('GET', `/api/control/missions/${mission}/changes`)).json);

test('what an agent wrote, edited and ran in a turn is shown, undone, told to viewers, and had back', async () => {
  const mission = await say('TOOL write {"filePath":"a.txt","content":"one\\ntwo\\n"}\nSAY Written.');
  const second = [
    'TOOL edit {"filePath":"a.txt","oldString":"two","newString":"2"}',
    'TOOL bash {"command":"echo made > made.txt","description":"makes a file"}',
    'SAY Changed.',
  ];
  await say(second.join('\n'), mission);
  const directory = directoryOf(mission);

  // An end is looked at behind the answer.
  await expect
    .poll(async () => (await changesIn(mission)).steps.map(({ files, ended_at: at }) => [files, at !== null]))
    .toEqual([
      [2, true],
      [1, true],
    ]);
  const [newest] = (await changesIn(mission)).steps;
  const diff = diffOfStep.parse(
    (await me.call('GET', `/api/control/missions/${mission}/turns/${newest?.message}/diff`)).json,
  );
  expect(diff.files).toMatchObject([
    { path: 'a.txt', change: 'modified', added: 1, removed: 1, diff: expect.stringContaining('-two\n+2\n') },
    { path: 'made.txt', change: 'added' },
  ]);

  const stream = await me.stream('?format=delta');
  const undo = undone.parse((await me.call('POST', `/api/control/missions/${mission}/undo`, {})).json);
  const told = await stream.until(({ name }) => name === 'turn.undone');
  stream.close();
  expect(told.data).toMatchObject({ mission_id: mission, step: newest?.id, undo: undo.undo, files: 2 });
  expect([readFileSync(join(directory, 'a.txt'), 'utf8'), existsSync(join(directory, 'made.txt'))]).toEqual([
    'one\ntwo\n',
    false,
  ]);

  await me.call('POST', `/api/control/missions/${mission}/undo`, { turn: undo.undo });
  expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('one\n2\n');
});

test('nothing is put back while a turn runs', async () => {
  const mission = await say('TOOL write {"filePath":"a.txt","content":"a"}\nSAY Written.');
  const stream = await me.stream();
  await me.say('TOOL bash {"command":"sleep 1000","description":"waits"}', mission);
  await stream.until(({ name, data }) => name === 'tool_call' && data.mission_id === mission);

  const refused = await me.call('POST', `/api/control/missions/${mission}/undo`, {});
  await me.call('POST', `/api/control/missions/${mission}/cancel`);
  await stream.until(({ name, data }) => name === 'status' && data.mission_id === mission && data.state === 'idle');
  stream.close();

  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('works at the moment')]);
  expect(existsSync(join(directoryOf(mission), 'a.txt'))).toBe(true);
});

test('the command line lists, shows and undoes', async () => {
  const mission = await say('TOOL write {"filePath":"a.txt","content":"hello\\n"}\nSAY Written.');
  const { token } = (await stack.anyone.call('POST', '/api/auth/login', { password })).json;
  const environment = { HOME: '/nonexistent', OPENAGENT_URL: stack.url(), OPENAGENT_TOKEN: token };
  const openagent = (...args: string[]) => startCommand(args, environment).ended;

  expect(await openagent('changes', mission)).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /^[0-9a-f]{8} {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}turn {2}1 file\n\nadded {5}a\.txt {2}\+1 -0\n$/,
    ),
  });
  expect((await openagent('diff', mission)).out).toContain('+++ b/a.txt\n@@ -0,0 +1 @@\n+hello\n');
  const undo = await openagent('undo', mission);
  expect(undo.out).toMatch(
    /^removed {3}a\.txt\nUndone\. Have it back: openagent undo [0-9a-f]{8} --turn ([0-9a-f]{8})\n$/,
  );
  expect(existsSync(join(directoryOf(mission), 'a.txt'))).toBe(false);
  const id = /--turn (\S+)/.exec(undo.out)?.[1] ?? '';
  expect(await openagent('undo', mission, '--turn', id)).toMatchObject({ code: 0 });
  expect(readFileSync(join(directoryOf(mission), 'a.txt'), 'utf8')).toBe('hello\n');
  expect(await openagent('undo', mission, 'none.txt')).toMatchObject({
    code: 1,
    err: expect.stringContaining('none.txt'),
  });
});
