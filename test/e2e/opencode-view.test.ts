// An agent that writes into its own directory what OpenCode would run as itself. The whole system.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runs } from '../support/asking-agent.ts';
import { noMount, unless } from '../support/needs.ts';
import { patience } from '../support/patience.ts';
import { answered, type Person, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let me: Person;
beforeAll(async () => {
  stack = await startStack({ TRASH_DAYS: '0' });
  me = await stack.person();
});
afterAll(() => stack.close());

const writes = (filePath: string, content: string) => `TOOL write ${JSON.stringify({ filePath, content })}`;

test.skipIf(noMount)(
  unless(noMount, 'what an agent writes is its own rules, and never what OpenCode runs'),
  async () => {
    const stream = await me.stream();
    // OpenCode may write anywhere: the mark is where an agent can look for it as well.
    const plugin = `await Bun.write(import.meta.dir + '/../../ran', ''); export const X = async () => ({});`;
    const script = [
      writes('.opencode/plugin/x.js', plugin),
      writes('AGENTS.md', 'Answer in rhymes.'),
      runs('git config core.fsmonitor ./hook; printf "#!/bin/sh\\ntouch ran\\n" > hook; chmod +x hook'),
      'SAY Planted.',
    ];
    const { mission } = await me.say(script.join('\n'));
    await stream.until(answered(mission));
    const seen = join(stack.workingDir, '.openagent', 'opencode', 'seen', `mission-${mission.slice(0, 8)}`);
    expect(readdirSync(seen)).toEqual(['.git']);

    // An OpenCode that begins reads all it has of a directory.
    const before = stack.openCode().authorization;
    stack.kill('opencode');
    await vi.waitFor(() => expect(stack.openCode().authorization).not.toBe(before), patience);
    await me.call('POST', '/api/control/message', { mission_id: mission, content: 'SAY Still here.' });
    await stream.until(
      ({ name, data }) => name === 'assistant_message' && data.mission_id === mission && data.content === 'Still here.',
    );
    stream.close();

    expect(stack.model.requests.at(-1)?.system).toContain('Answer in rhymes.');
    expect(existsSync(join(stack.missionDirectory(mission), '.opencode', 'plugin', 'x.js'))).toBe(true);
    expect(existsSync(join(stack.missionDirectory(mission), 'ran'))).toBe(false);

    await me.call('DELETE', `/api/control/missions/${mission}`);
    await vi.waitFor(() => expect(existsSync(seen)).toBe(false), patience);
  },
);
