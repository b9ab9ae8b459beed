import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answered, type Stack, startStack } from '../support/stack.ts';

let home: string;
let stack: Stack;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'agent-home-'));
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Person of this test\n');
  stack = await startStack({ AGENT_HOME: home, ...(process.getuid?.() === 0 ? { AGENT_USER: 'root' } : {}) });
});
afterAll(async () => {
  await stack.close();
  rmSync(home, { recursive: true });
});

test('commands of agents have the home that AGENT_HOME names with its git settings, and OpenCode keeps its own', async () => {
  const me = await stack.person();
  const stream = await me.stream();
  const command = 'echo "home=$HOME config=$XDG_CONFIG_HOME name=$(git config --global user.name) of=$OPENCODE"';
  const { mission } = await me.say(`TOOL bash ${JSON.stringify({ command, description: 'look' })}\nSAY Looked.`);
  await stream.until(answered(mission));
  const events = await me.call('GET', `/api/control/missions/${mission}/events?types=tool_result`);
  stream.close();

  // It is a child of the hands and not of OpenCode, which has folders of its own and writes nothing there.
  expect(events.text).toContain(`home=${home} config= name=Person of this test of=`);
  expect(events.text).not.toContain('of=1');
  expect(readdirSync(home)).toEqual(['.gitconfig']);
});
