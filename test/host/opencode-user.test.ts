// OpenCode as a Linux user of its own: what it goes on doing, and what it can't read. Real OpenCode, real hands.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { prepareOpenCode } from '../../host-agent/opencode/process/prepare.ts';
import { runProgram } from '../../host-agent/process/child.ts';
import { inOwnView, type OwnView } from '../../host-agent/process/own-view.ts';
import { processTree } from '../../host-agent/process/tree.ts';
import { temporaryDirectory } from '../support/host-store.ts';
import { labConfig, labEnvironment, startLab } from '../support/lab.ts';
import { noMount, unless } from '../support/needs.ts';

/** Of nobody on this machine, nor of an installation of Open Agent. */
const user = 689_999;

const found = z.object({ uid: z.number(), groups: z.array(z.number()), seen: z.record(z.string(), z.string()) });

/** A plug-in of a person's, which runs in OpenCode: it writes down who it is and what it can read. */
const spy = (paths: string[], to: string): string => `
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
const read = (path) => {
  for (const look of [readFileSync, readdirSync]) try { return String([look(path)].flat().sort()); } catch {}
  return '';
};
const seen = Object.fromEntries(${JSON.stringify(paths)}.map((path) => [path, read(path)]));
writeFileSync(${JSON.stringify(to)}, JSON.stringify({ seen, uid: process.getuid(), groups: process.getgroups() }));
export const Spy = async () => ({});
`;

describe.skipIf(noMount)(unless(noMount, 'an OpenCode that is a user of its own'), () => {
  const mine = realpathSync(mkdtempSync(join(tmpdir(), 'persons-')));
  const at = (name: string): string => join(mine, name);
  let lab: Awaited<ReturnType<typeof startLab>>;

  beforeAll(async () => {
    writeFileSync(at('secret.txt'), 'of root', { mode: 0o600 });
    writeFileSync(at('open.txt'), 'for everybody', { mode: 0o644 });
    writeFileSync(at('rules.md'), 'Answer in rhymes.', { mode: 0o600 });
    const paths = ['secret.txt', 'open.txt', 'rules.md'].map(at);
    writeFileSync(at('spy.mjs'), spy([...paths, '/root', mine, '/proc/1/environ'], '/tmp/spied.json'), { mode: 0o600 });
    const prompt = `{file:${at('rules.md')}}`;
    lab = await startLab({
      cover: true,
      user,
      config: { plugin: [`file://${at('spy.mjs')}`], agent: { build: { prompt } } },
    });
  });
  afterAll(async () => {
    await lab?.close();
    rmSync(mine, { recursive: true });
  });

  /** What OpenCode itself has in its /tmp. */
  const inItsTmp = (name: string): string => {
    const [pid] = processTree(lab.openCode.pid)
      .map(({ identity }) => identity.pid)
      .slice(-1);
    return readFileSync(`/proc/${pid}/root/tmp/${name}`, 'utf8');
  };

  test('has the files that its configuration names, and nothing else from closed directories', async () => {
    await lab.call('GET', '/agent'); // Upon which it loads its plug-ins.

    const { uid, groups, seen } = found.parse(JSON.parse(inItsTmp('spied.json')));

    expect(uid).toBe(user);
    expect(groups.filter((group) => group !== user)).toEqual([]);
    expect(seen).toEqual({
      [at('secret.txt')]: '',
      [at('open.txt')]: '',
      [at('rules.md')]: 'Answer in rhymes.',
      '/root': '',
      [mine]: 'rules.md,spy.mjs',
      '/proc/1/environ': '',
    });
  });

  test('works on messages with tools, and its own state is its own', async () => {
    const directory = lab.missionDirectory('mission-00000001');
    mkdirSync(join(lab.dir, 'opencode', 'seen', 'mission-00000001'));
    const session = await lab.createSession(directory, 'One');

    await lab.prompt(session, 'TOOL write {"filePath":"a.txt","content":"alpha"}\nSAY Done.');
    await expect.poll(() => lab.model.requests.length).toBeGreaterThan(1);

    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('alpha');
    expect(lab.model.requests[0]?.system).toContain('Answer in rhymes.');
    const { data, config } = { data: join(lab.dir, 'opencode', 'data'), config: join(lab.dir, 'opencode', 'config') };
    expect([statSync(data).uid, statSync(join(data, 'opencode', 'opencode.db')).uid]).toEqual([user, user]);
    expect([statSync(config).uid, statSync(config).mode & 0o7]).toEqual([0, 0]);
    expect(statSync(join(lab.dir, 'opencode', 'provider-keys', 'lab')).mode & 0o7).toBe(0);
  });
});

/** Prepared in a directory of root's OpenCode, as another user. */
const prepared = (dir: string, as: number | null = user) =>
  prepareOpenCode({
    dir,
    env: { ...labEnvironment(labConfig('http://127.0.0.1:9')), ANTHROPIC_API_KEY: 'a key' },
    user: as,
  });

test.skipIf(noMount)(
  unless(noMount, 'what was root’s OpenCode becomes the user’s, also where that was cut short'),
  async () => {
    const dir = join(temporaryDirectory(), 'opencode');
    await prepared(dir, null);
    const session = join(dir, 'data', 'opencode', 'session.json');
    writeFileSync(session, 'a conversation', { mode: 0o600 });
    chownSync(join(dir, 'data', 'opencode'), user, user); // As far as a killed start had come.

    await prepared(dir);
    const owners = ['data', 'data/opencode', 'data/opencode/session.json', 'data/opencode/auth.json', 'home'].map(
      (name) => lstatSync(join(dir, name)).uid,
    );
    await prepared(dir, null);
    writeFileSync(join(dir, 'data', 'of-root'), 'of a root’s OpenCode');
    await prepared(dir);

    expect(owners).toEqual([user, user, user, user, user]);
    expect(statSync(join(dir, 'data', 'opencode', 'auth.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'data', 'of-root')).uid).toBe(user);
  },
);

test.skipIf(noMount)(unless(noMount, 'no key is written where a link of OpenCode’s leads'), async () => {
  const dir = join(temporaryDirectory(), 'opencode');
  const elsewhere = temporaryDirectory();
  await prepared(dir);
  execFileSync('rm', ['-r', join(dir, 'data', 'opencode')]);
  symlinkSync(elsewhere, join(dir, 'data', 'opencode'));

  await expect(prepared(dir)).rejects.toThrow(/data\/opencode is a link/);

  expect(execFileSync('ls', ['-A', elsewhere]).toString()).toBe('');
});

const ran = async (view: Omit<OwnView, 'user' | 'stage'>, script: string) => {
  const stage = temporaryDirectory();
  const [file = '', ...args] = await inOwnView(['/bin/sh', '-c', script], { ...view, user, stage });
  return (await runProgram({ command: [file, ...args], env: { PATH: process.env.PATH }, output: 'kept' })).stdout;
};

test.skipIf(noMount)(
  unless(noMount, 'a view shows what it is told, at its paths and by links too, and no more'),
  async () => {
    const closed = realpathSync(temporaryDirectory());
    const at = (name: string): string => join(closed, name);
    for (const name of ['one', 'two', 'real']) mkdirSync(at(name));
    writeFileSync(at('one/a.txt'), 'alpha');
    writeFileSync(at('two/b.txt'), 'beta');
    writeFileSync(at('real/c.txt'), 'gamma');
    symlinkSync(at('real'), at('link'));
    const shown = [
      { from: at('one'), to: at('one'), access: 'rw' as const },
      { from: at('one/a.txt'), to: at('one/a.txt'), access: 'ro' as const }, // Seen anyway.
      { from: at('real'), to: at('link'), access: 'ro' as const },
    ];
    chmodSync(at('one'), 0o777);

    const text = await ran(
      { cwd: at('one'), shown },
      `pwd; cat a.txt; cat ${at('link/c.txt')}; ls -A ${closed} /tmp; echo new > new.txt; touch ${at('real/d.txt')} 2>&1; id -u`,
    );

    expect(text).toContain(`${at('one')}\nalphagamma`);
    expect(text).not.toContain('two');
    expect(text).toMatch(/Read-only file system/);
    expect(readFileSync(at('one/new.txt'), 'utf8')).toBe('new\n');
    expect(execFileSync('findmnt', ['-rn', '-o', 'TARGET']).toString()).not.toContain(closed); // Nothing of it here.
  },
);
