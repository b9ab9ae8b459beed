// What agents of two people are, see and can do in a system that was started as people start it, as root.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runs } from '../support/asking-agent.ts';
import { noMount, unless } from '../support/needs.ts';
import { processesIn } from '../support/places.ts';
import { type Person, type Role, type Stack, startStack } from '../support/stack.ts';

const logins = ['ada', 'bob'].map((username) => ({ username, password: `password of ${username}` }));

describe.skipIf(noMount)(unless(noMount, 'agents of two people'), () => {
  let stack: Stack;
  const people: Record<string, Person> = {};

  beforeAll(async () => {
    stack = await startStack({ OPEN_AGENT_USERS: JSON.stringify(logins), JWT_SECRET: 'canary-of-logins' });
    for (const login of logins) people[login.username] = await stack.person(login);
  });
  afterAll(() => stack.close());

  /** What a line prints that a person's agent runs, and in which mission. */
  const ran = async (name: string, line: string, mission?: string) => {
    const person = people[name];
    if (!person) throw new Error(`nobody is called ${name}`);
    const before = mission === undefined ? 0 : (await results(person, mission)).length;
    const said = await person.say(`${runs(line)}\nSAY Done.`, mission);
    await vi.waitFor(async () => {
      const { json } = await person.call('GET', `/api/control/missions/${said.mission}`);
      expect(json.status).not.toBe('active');
      expect(json.history.at(-1)).toMatchObject({ role: 'assistant' });
    });
    const all = await results(person, said.mission);
    if (all.length === before)
      throw new Error((await person.call('GET', `/api/control/missions/${said.mission}`)).text);
    return { mission: said.mission, result: String(all.at(-1)) };
  };
  const results = async (person: Person, mission: string): Promise<string[]> => {
    const { json } = await person.call('GET', `/api/control/missions/${mission}/events?types=tool_result`);
    return json.map(({ content }: { content: unknown }) => String(content));
  };

  test('are two Linux users, and what they write is theirs', async () => {
    const line = 'echo "$(id -u):$(id -G):$(whoami)"; touch mine ~/mine';
    const [ada, bob] = [await ran('ada', line), await ran('bob', line)];

    const uids = [ada, bob].map(({ mission }) => statSync(join(stack.missionDirectory(mission), 'mine')).uid);
    expect(new Set(uids).size).toBe(2);
    for (const [index, { result }] of [ada, bob].entries())
      expect(result).toContain(`${uids[index]}:${uids[index]}:agent-${uids[index]}`);
    expect(uids.every((uid) => uid >= 700_000)).toBe(true);
  });

  test('find no secret of ours: not in files, environments, processes or at OpenCode’s port', async () => {
    const state = join(stack.workingDir, '.openagent');
    const announced = JSON.parse(readFileSync(join(state, 'opencode', 'server.json'), 'utf8'));
    const credential = JSON.parse(readFileSync(join(state, 'host.json'), 'utf8')).credential;
    const canaries = ['canary-of-logins', 'lab-api-key', announced.password, credential];

    const { result } = await ran(
      'ada',
      `ls -laR ${stack.workingDir}; cat ${state}/*.json ${state}/*/*.json; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr "\\0" "\\n"; ` +
        `curl -s -o /dev/null -w "%{http_code}" ${announced.url}/config/providers; ls -A /root`,
    );

    expect(canaries.filter((canary) => String(canary).length > 0 && result.includes(String(canary)))).toEqual([]);
    expect(result).not.toContain('[secret]');
    expect(result).not.toContain('host.json');
    expect(result).toMatch(/401|000/); // Its password, or a closed port where the machine can close one.
  });

  test.each<Role>(['warden', 'hands', 'host-agent', 'opencode'])(
    'go on in their places after %s was killed, and nothing is left running twice',
    async (role) => {
      const { mission } = await ran('ada', 'echo before >> ran; id -u');
      const before = stack.launched().processes()[role];

      stack.kill(role);
      await vi.waitFor(() => expect(stack.launched().processes()[role]).not.toEqual(before));
      const { result } = await ran('ada', 'echo after >> ran; id -u; cat ran', mission);

      expect(JSON.parse(result)).toMatch(/^7\d{5}\nbefore\nafter$/);
    },
  );

  test('leave nothing behind when the launcher is killed', async () => {
    const { mission } = await ran('ada', 'setsid env -i sleep 1000 >/dev/null 2>&1 & sleep 0.1; echo');
    const directory = stack.missionDirectory(mission);
    expect(processesIn(directory)).toEqual(['sleep']);

    stack.kill('launcher');

    await vi.waitFor(() => expect(processesIn(directory)).toEqual([]));
    await stack.restart();
    expect((await ran('ada', 'id -u', mission)).result).toMatch(/7\d{5}/);
  });
});
