// Who the processes of a system are that was started as people start it, as root.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processTree } from '../../host-agent/process/tree.ts';
import { noMount, unless } from '../support/needs.ts';
import { answered, type Role, type Stack, startStack } from '../support/stack.ts';

describe.skipIf(noMount)(unless(noMount, 'the processes of a system'), () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack?.close());

  /** Users of the processes of a role: those that hold it, and last the program itself. */
  const usersOf = (role: Role): number[] =>
    processTree(stack.launched().processes()[role]?.pid ?? 0).map(({ identity }) => userOf(identity.pid));
  const userOf = (pid: number): number =>
    Number(/^Uid:\t(\d+)\t\1\t\1\t\1$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  const inState = (...path: string[]): string => join(stack.workingDir, '.openagent', ...path);
  const ownerOf = (...path: string[]): number => statSync(inState(...path)).uid;

  test('are users of this installation alone, each with what it writes', async () => {
    const [openCode = 0, edge = 0] = [usersOf('opencode').at(-1), usersOf('edge').at(-1)];

    for (const user of [openCode, edge]) {
      expect(user).toBeGreaterThanOrEqual(690_000);
      expect(user).toBeLessThan(700_000);
    }
    expect(openCode).not.toBe(edge);
    expect(ownerOf('opencode', 'data', 'opencode', 'opencode.db')).toBe(openCode);
    expect(ownerOf('edge', '.wrangler', 'state', 'workerd')).toBe(edge);
    expect(ownerOf('edge', 'wrangler.jsonc')).toBe(0);
    expect(statSync(inState('edge')).mode & 0o27).toBe(0); // No other enters it, and the edge changes nothing there.
    expect(statSync(inState()).mode & 0o77).toBe(0);
  });

  test('are the same after a restart, and go on with what there was', async () => {
    const before = [usersOf('opencode').at(-1), usersOf('edge')];
    const person = await stack.person();
    const { mission } = await said(person, 'SAY One.');
    await stack.restart();

    await said(person, 'SAY Two.', mission);

    expect([usersOf('opencode').at(-1), usersOf('edge')]).toEqual(before);
    expect(stack.model.requests.at(-1)?.messagesCount).toBeGreaterThan(2);
  });

  test('take over what was root’s, as a version of before left it', async () => {
    const users = [usersOf('opencode').at(-1), usersOf('edge')];
    await stack.restart(async () => {
      execFileSync('chown', ['-R', '0:0', inState('opencode'), inState('edge')]);
      execFileSync('chmod', ['-R', 'g-s,g-rwx', inState('opencode'), inState('edge')]);
    });

    await said(await stack.person(), 'SAY Three.');

    expect([usersOf('opencode').at(-1), usersOf('edge')]).toEqual(users);
  });

  const said = async (person: Awaited<ReturnType<Stack['person']>>, text: string, mission?: string) => {
    const stream = await person.stream();
    const sent = await person.say(text, mission);
    await stream.until(answered(sent.mission));
    stream.close();
    return sent;
  };
});
