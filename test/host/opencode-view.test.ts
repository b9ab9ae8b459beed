// What OpenCode sees of missions: nothing that an agent has written. Real OpenCode, real hands.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startOpenCode } from '../../host-agent/opencode/process/process.ts';
import { prepareSeen, removeSeen, seenInstead } from '../../host-agent/workspaces/seen.ts';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import { delegates, runs } from '../support/asking-agent.ts';
import { newHostId, newMissionId, temporaryDirectory } from '../support/host-store.ts';
import { handsOf, startLab } from '../support/lab.ts';
import { announce, type MissionHost } from '../support/mission-host.ts';
import { say, startHost } from '../support/mission-lab.ts';
import { noMount, unless } from '../support/needs.ts';

type Lab = Awaited<ReturnType<typeof startLab>>;
const host = newHostId();

/** A host whose missions are below the directory that this OpenCode is not shown. */
const hostOf = ({ dir, openCode }: Pick<Lab, 'dir' | 'openCode'>, hands = handsOf(openCode)): MissionHost => {
  const serverFile = join(temporaryDirectory(), 'server.json');
  announce(serverFile, openCode);
  return startHost({ dir, host, serverFile, hands, seen: join(dir, 'opencode', 'seen') });
};

const begun = async (from: Lab) => {
  const played = hostOf(from);
  const first = say('SAY Begun.');
  const { mission } = first;
  const directory = join(from.dir, 'workspaces', `mission-${mission.slice(0, 8)}`);
  played.give(first);
  played.dispatch.welcome();
  await played.ended(first.id);
  return {
    played,
    mission,
    directory,
    put: (name: string, text: string): void => {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    },
    /** Another message; with what its tools said. */
    send: (text: string, model?: string) => turn(played, mission, text, model),
    /** OpenCode reads what it reads of a directory anew. */
    renew: () => from.call('POST', `/instance/dispose?directory=${encodeURIComponent(directory)}`),
  };
};

const turn = async (played: MissionHost, mission: MissionId, text: string, model: string | null = null) => {
  const command = say(text, { mission }, { model });
  const before = played.events(mission).length;
  played.give(command);
  const { outcome } = await played.ended(command.id);
  const results = played
    .events(mission)
    .slice(before)
    .flatMap((event) => (event.type === 'tool.result' ? [event.result] : []));
  return { outcome, results };
};

/** What an agent may write so that OpenCode does something as itself: each leaves a mark where it is run. */
const plant = (put: (name: string, text: string) => void, marks: string): void => {
  const mark = (name: string): string => join(marks, name);
  put(
    '.opencode/plugin/x.js',
    `import { writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(mark('plugin'))}, '');
export const X = async () => ({});
`,
  );
  put(
    'opencode.jsonc',
    JSON.stringify({ $schema: 'x', mcp: { x: { type: 'local', command: ['touch', mark('mcp')] } } }),
  );
  put('.opencode/agent/planted.md', '---\ndescription: Planted\nmode: primary\n---\nYou are planted.\n');
  put('.git/fsmonitor', `#!/bin/sh\ntouch ${mark('fsmonitor')}\n`);
  put('.git/hooks/post-index-change', `#!/bin/sh\ntouch ${mark('hook')}\n`);
};
const marksIn = (marks: string) =>
  ['plugin', 'mcp', 'fsmonitor', 'hook'].filter((name) => existsSync(join(marks, name)));

describe.skipIf(noMount)(unless(noMount, 'an OpenCode that is shown a tree of ours'), () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ cover: true, user: 689_998 }); // As where our launcher is root.
  });
  afterAll(() => lab.close());
  const lastRequest = () => lab.model.requests.at(-1);

  test('runs nothing that an agent wrote, and has none of its agents', async () => {
    const { put, send, renew, directory } = await begun(lab);
    const marks = temporaryDirectory();
    plant(put, marks);
    execFileSync('git', ['config', 'core.fsmonitor', '.git/fsmonitor'], { cwd: directory });
    execFileSync('chmod', ['+x', '.git/fsmonitor', '.git/hooks/post-index-change'], { cwd: directory });
    await renew();

    const { outcome, results } = await send(`${runs('ls .opencode/plugin')}\nSAY Over.`);
    const where = `directory=${encodeURIComponent(directory)}`;
    const agents = JSON.stringify(await lab.call('GET', `/agent?${where}`));
    await lab.call('GET', `/vcs?${where}`);

    expect(outcome).toBe('completed');
    expect(results).toEqual([expect.stringContaining('x.js')]); // The agent itself sees its tree.
    expect(marksIn(marks)).toEqual([]);
    expect(agents).not.toContain('planted');
  });

  test('has the rules of the project all the same, once, and those further in when a file beside them is read', async () => {
    const { put, send, directory } = await begun(lab);
    put('AGENTS.md', 'Answer in rhymes.');
    put('CLAUDE.md', 'This is not used beside AGENTS.md.');
    put('part/AGENTS.md', 'In here use tabs.');
    put('part/inner/a.txt', 'alpha');
    put('part/b.txt', 'beta');
    const reads = (path: string) => `TOOL read ${JSON.stringify({ filePath: path })}`;

    const { results } = await send(`${reads('part/inner/a.txt')}\n${reads('part/b.txt')}\nSAY Over.`);

    const system = lastRequest()?.system ?? '';
    expect(system.split('Answer in rhymes.')).toHaveLength(2);
    expect(system).toContain(`${directory}/AGENTS.md`);
    expect(system).toContain(directory); // OpenCode's own prompt is still there.
    expect(system).not.toContain('not used beside');
    expect(system).not.toContain('use tabs');
    expect(results).toEqual([
      expect.stringMatching(/alpha[\s\S]*part\/AGENTS\.md:\nIn here use tabs\./),
      expect.not.stringContaining('use tabs'),
    ]);
  });

  test('gives the rules to sub-agents too', async () => {
    const { put, send } = await begun(lab);
    put('AGENTS.md', 'Answer in rhymes.');

    await send(`${delegates('SAY Child.')}\nSAY Over.`);

    const child = lab.model.requests.findLast(({ parentSessionId }) => parentSessionId !== undefined);
    expect(child?.system).toContain('Answer in rhymes.');
  });

  test('reads no rules through a link that leads out of the mission', async () => {
    const { send, directory } = await begun(lab);
    const outside = join(temporaryDirectory(), 'secret.txt');
    writeFileSync(outside, 'This is kept from the agent.');
    execFileSync('ln', ['-s', outside, join(directory, 'AGENTS.md')]);

    await send('SAY Over.');

    expect(lastRequest()?.system).not.toContain('kept from the agent');
  });

  test('tells of the skills and rules that settings of the project name', async () => {
    const { put, send, directory } = await begun(lab);
    put('opencode.jsonc', '{\n  // Ours.\n  "instructions": ["docs/*.rules.md", "../up.md"],\n}');
    put('docs/one.rules.md', 'Rule one.');
    put('.claude/skills/knots/SKILL.md', '---\nname: knots\ndescription: >\n  How to tie\n  a knot\n---\nTie it.\n');

    await send('SAY Over.');

    expect(lastRequest()?.system).toContain('Rule one.');
    expect(lastRequest()?.system).toContain(`- knots: How to tie a knot (${directory}/.claude/skills/knots/SKILL.md)`);
  });

  test('finds nothing above a mission, also of one whose folder is not there', async () => {
    const marks = temporaryDirectory();
    plant((name, text) => {
      if (name.startsWith('.git/')) return;
      mkdirSync(dirname(join(lab.dir, name)), { recursive: true });
      writeFileSync(join(lab.dir, name), text);
    }, marks);
    writeFileSync(join(lab.dir, 'AGENTS.md'), 'Rules of above.');
    const { send } = await begun(lab);
    const gone = encodeURIComponent(join(lab.dir, 'workspaces', 'mission-00000000'));

    await send('SAY Over.');
    const agents = JSON.stringify(await lab.call('GET', `/agent?directory=${gone}`));

    expect(lastRequest()?.system).not.toContain('Rules of above.');
    expect(agents).not.toContain('planted');
    expect(marksIn(marks)).toEqual([]);
  });

  test('is ready for a mission before its first message', async () => {
    const played = hostOf(lab);
    const mission = newMissionId();

    played.preparing.want([mission]);

    await vi.waitFor(() => expect(played.lines.join('')).toMatch(new RegExp(`mission\\.prepared".*${mission}`)));
  });

  test('reads no file for a sub-agent whose prompt names it by @', async () => {
    const { send } = await begun(lab);
    const secret = join(temporaryDirectory(), 'secret.txt');
    writeFileSync(secret, 'This is kept from the agent.');

    await send(`${delegates(`SAY Child. @${secret} @@${secret} (@${secret})`)}\nSAY Over.`);

    const child = lab.model.requests.findLast(({ parentSessionId }) => parentSessionId !== undefined);
    expect(child?.userText).toContain(secret);
    expect(child?.userText).not.toContain('kept from the agent');
  });
});

test('without it all of that would be run: the marks tell', async () => {
  const lab = await startLab();
  try {
    const { put, send, renew } = await begun(lab);
    const marks = temporaryDirectory();
    plant(put, marks);
    await renew();

    await send('SAY Over.');

    expect(marksIn(marks)).toEqual(expect.arrayContaining(['plugin', 'mcp']));
  } finally {
    await lab.close();
  }
});

test.skipIf(noMount)(
  unless(noMount, 'a conversation from before OpenCode was shown that goes on, and is found'),
  async () => {
    const lab = await startLab();
    const seen = join(lab.dir, 'opencode', 'seen');
    let after: Awaited<ReturnType<typeof startOpenCode>> | undefined;
    try {
      const { played, mission, directory, send, renew } = await begun(lab);
      const author = ['-c', 'user.name=a', '-c', 'user.email=a@b.org'];
      execFileSync('git', [...author, 'commit', '-q', '--allow-empty', '-m', 'First'], { cwd: directory });
      await renew(); // By its first commit the directory is a project of its own.
      await send('SAY Two.');
      await played.drop();
      await lab.openCode.stop();

      after = await startOpenCode({ prepared: { ...lab.prepared, cover: await seenInstead(lab.dir, seen) } });
      const next = hostOf({ dir: lab.dir, openCode: after }, handsOf(lab.openCode));
      next.dispatch.welcome();

      expect((await turn(next, mission, 'SAY Three.')).outcome).toBe('completed');
      expect(lab.model.requests.at(-1)?.messagesCount).toBeGreaterThan(4);
      expect(await next.client.listSessions(directory)).toMatchObject([{ metadata: { mission } }]);
    } finally {
      await after?.stop();
      await lab.close();
    }
  },
);

test('what OpenCode sees of a mission is an empty repository, made once and gone with it', async () => {
  const dir = realpathSync(temporaryDirectory());
  const seen = join(dir, 'state', 'seen');
  const mission = newMissionId();
  const folder = join(seen, `mission-${missionShort(mission)}`);

  const cover = await seenInstead(dir, seen);
  await seenInstead(dir, seen);
  await Promise.all([1, 2].map(() => prepareSeen(seen, join(dir, 'workspaces', `mission-${missionShort(mission)}`))));
  const made = readdirSync(folder);
  await removeSeen(seen, mission);
  await removeSeen(seen, mission);

  expect(cover).toEqual({ shown: seen, over: join(dir, 'workspaces') });
  expect(made).toEqual(['.git']);
  expect(readdirSync(seen)).toEqual(['.git']);
});
