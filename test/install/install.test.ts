import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labConfig } from '../support/lab.ts';
import { unless } from '../support/needs.ts';
import { answered, type Person, type Stack, startStack } from '../support/stack.ts';
import { freshTree, reasonForNoTree } from './debian-tree.ts';
import { boot, type Machine } from './machine.ts';
import { offerOf } from './offer.ts';

const reason = reasonForNoTree();

describe.skipIf(reason)(unless(reason, 'a clean Debian becomes a server'), () => {
  let tree: Awaited<ReturnType<typeof freshTree>>;
  let machine: Machine;
  let stack: Stack;
  let me: Person;
  let filesBefore: string[];
  let server: { id: string; workspace: string };

  beforeAll(async () => {
    [tree, stack] = await Promise.all([freshTree(), startStack()]);
    machine = await boot(tree.path);
    me = await stack.person();
    filesBefore = await files();
    mkdirSync(join(tree.path, 'root', '.openagent'), { mode: 0o700 });
    const settings = `DEFAULT_MODEL=lab/m1\nOPENCODE_CONFIG_CONTENT='${labConfig(stack.model.url)}'\n`;
    writeFileSync(join(tree.path, 'root', '.openagent', 'openagent.env'), settings, { mode: 0o600 });
  });

  afterAll(async () => {
    await machine?.stop();
    await stack?.close();
    tree?.remove();
  });

  /** Everything on the machine's disk but what a running system writes by itself. */
  const files = async (): Promise<string[]> => {
    const found = await machine.must(
      'find / -xdev -not -path "/var/log/*" -not -path "/tmp/*" -not -path "/var/tmp/*"',
    );
    return found.split('\n').toSorted();
  };
  const newFiles = async () => {
    const before = new Set(filesBefore);
    return (await files()).filter((path) => !before.has(path));
  };
  const line = (rest: string) => `curl -fsS ${stack.url()}/install.sh | sh -s -- ${rest}`;
  const paste = (rest: string) => machine.run(line(rest));
  const code = async (): Promise<string> => (await me.call('POST', '/api/hosts', { name: 'clean' })).json.code;
  const newMission = async (): Promise<string> =>
    (await me.call('POST', '/api/control/missions', { workspace_id: server.workspace })).json.id;
  const processOf = (unit: string) => machine.must(`systemctl show -p MainPID --value ${unit}`);
  const version = () => machine.must('openagent --version');
  const connected = async () => {
    const { json } = await me.call('GET', '/api/hosts');
    return json.find(({ id, name }: { id: string; name: string }) => (server ? id === server.id : name === 'clean'));
  };

  test('a wrong code is refused and leaves nothing', async () => {
    const { code: exit, output } = await paste('0000-0000-0000-0000-0000');

    expect(output).toContain('cannot be used');
    expect(output).toContain('undone');
    expect(exit).not.toBe(0);
    expect(await newFiles()).toEqual(['/root/.openagent', '/root/.openagent/openagent.env']);
  });

  test('a package with another sha-256 is refused and leaves nothing', async () => {
    const offer = offerOf(stack.workingDir);
    const { sha256 } = offer.read();
    offer.lie({ sha256: sha256.replace(/^./, (first) => (first === '0' ? '1' : '0')) });

    const { code: exit, output } = await paste(await code());

    offer.lie({ sha256 });
    expect(output).toContain('sha-256');
    expect(exit).not.toBe(0);
    expect(await newFiles()).toEqual(['/root/.openagent', '/root/.openagent/openagent.env']);
  });

  test('without the npm registry it is refused, leaves nothing, and the code stays good', async () => {
    const away = 'npm_config_registry=http://127.0.0.1:9 npm_config_fetch_retries=0';
    const { code: exit, output } = await machine.run(`${away} sh -c "${line(await code())}"`);

    expect(output).toContain('npm could not install the package');
    expect(exit).not.toBe(0);
    expect(await newFiles()).toEqual(['/root/.openagent', '/root/.openagent/openagent.env']);
  });

  test('one pasted line, killed half-way and given again, makes it a server, and a mission runs there', async () => {
    const given = await code();
    await machine.run(`timeout --signal=KILL ${halfWayS} sh -c "${line(given)}"`);
    const { code: exit, output } = await paste(given);
    expect(exit, output).toBe(0);
    expect((await machine.must('systemctl is-active open-agent open-agent-opencode')).split('\n')).toEqual([
      'active',
      'active',
    ]);
    const mode = await machine.must('stat -c %a /root/.openagent/host.json /root/.openagent');
    expect(mode.split('\n')).toEqual(['600', '700']);
    const host = JSON.parse(readFileSync(join(tree.path, 'root', '.openagent', 'host.json'), 'utf8'));
    server = { id: host.id, workspace: host.workspaceId };
    await expect.poll(async () => (await connected())?.connected).toBe(true);

    const stream = await me.stream();
    const { mission } = await me.say(
      'TOOL write {"filePath":"hello.txt","content":"from the server"}\nSAY Written.',
      await newMission(),
    );
    const answer = await stream.until(answered(mission));
    stream.close();

    expect(answer.data).toMatchObject({ content: 'Written.', success: true });
    expect(readFileSync(join(tree.path, workspace(mission), 'hello.txt'), 'utf8')).toBe('from the server');
  });

  test('pasted again, it stays the same server', async () => {
    const openCode = await processOf('open-agent-opencode');

    const { code: exit, output } = await paste(await code());

    expect(exit, output).toBe(0);
    expect(await processOf('open-agent-opencode')).toBe(openCode);
    await expect.poll(async () => (await connected())?.connected).toBe(true);
  });

  test('an update replaces the host-agent and interrupts no turn', async () => {
    const [agent, openCode] = [await processOf('open-agent'), await processOf('open-agent-opencode')];
    expect(await machine.must('openagent update')).toContain('nothing to update');
    const stream = await me.stream();
    const { mission } = await me.say('SAY Half\nWAIT update', await newMission());
    await stack.model.reached('update');
    await offerOf(stack.workingDir).renumber('9.9.9');

    expect(await machine.must('openagent update')).toContain('OpenCode goes on in its earlier version');
    stack.model.release('update');
    const answer = await stream.until(answered(mission));
    stream.close();

    expect(answer.data).toMatchObject({ success: true });
    expect(await version()).toBe('9.9.9');
    expect(await processOf('open-agent')).not.toBe(agent);
    expect(await processOf('open-agent-opencode')).toBe(openCode);
    expect((await me.call('GET', `/api/control/missions/${mission}`)).json.status).toBe('completed');
    // Its tools are those of the package before: whoever updates again, or pastes the line, has it restarted.
    expect((await machine.must('openagent opencode --state')).trim()).toBe('idle');
    await machine.must('systemctl restart open-agent-opencode');
    await expect.poll(async () => (await machine.must('openagent opencode --state')).trim()).toBe('same');
  });

  test('removed, it leaves nothing but the work of its missions', async () => {
    const { code: exit, output } = await paste('--uninstall --purge');

    expect(exit, output).toBe(0);
    expect(await machine.run('systemctl is-active open-agent open-agent-opencode')).toMatchObject({
      output: 'inactive\ninactive',
    });
    const left = await newFiles();
    expect(left.filter((path) => !/^\/root\/(workspaces|context)/.test(path))).toEqual([]);
    expect(existsSync(join(tree.path, 'root', 'workspaces'))).toBe(true);
    expect(await machine.must('ps -eo args')).not.toMatch(/openagent|opencode/);
  });
});

/** In the middle of npm's work. */
const halfWayS = 2;

/** The host-agent dials at once and is back in a second or two. */

const workspace = (mission: string) => join('root', 'workspaces', `mission-${mission.slice(0, 8)}`);
