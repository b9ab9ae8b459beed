// What a place may have of tasks and memory, by the cgroups of this machine, in groups that are made for the test.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { groupsIn, groupTrees } from '../../host-agent/warden/groups.ts';
import { noRoot, unless } from '../support/needs.ts';

const mebibyte = 1024 * 1024;

const named = () => `open-agent-test-${randomUUID()}`;
const offered = async (): Promise<string[]> => {
  const groups = await groupsIn(await groupTrees(), named(), { pids: 1, memory: mebibyte });
  await groups.end();
  return groups.bounds;
};
/** Why a place can have no bounds here, or undefined. */
const noBounds =
  noRoot ?? ((await offered()).length === 2 ? undefined : 'cgroups for tasks and memory are not to be had');

/** Runs a program in groups with these bounds, and ends them. */
const within = async (most: { pids: number; memory: number }, program: readonly string[]) => {
  const groups = await groupsIn(await groupTrees(), named(), most);
  onTestFinished(() => groups.end());
  const paths = await groups.make('place');
  const join = 'IFS=:; for group in $1; do echo 0 >"$group/cgroup.procs"; done; unset IFS; shift; exec "$@"';
  const ran = spawnSync('/bin/sh', ['-c', join, 'sh', paths.join(':'), ...program], { encoding: 'utf8' });
  await groups.remove('place');
  return { ...ran, paths };
};

describe.skipIf(noBounds)(unless(noBounds, 'a place'), () => {
  test('has no more tasks than its bound, and what is beyond is refused', async () => {
    const forks = 'for n in $(seq 40); do sleep 100 & done';
    // What was started ends with the first process of its namespace.
    const alone = ['unshare', '--pid', '--fork', '--kill-child', '--', '/bin/sh', '-c', forks];
    const { status, stderr, paths } = await within({ pids: 20, memory: 512 * mebibyte }, alone);

    expect([status, stderr]).toEqual([2, expect.stringContaining('Cannot fork')]);
    expect(paths.filter((path) => existsSync(path))).toEqual([]);
  });

  test('has no more memory than its bound: what takes more is ended, not the machine', async () => {
    const takes = (mib: number) => ['-e', `Buffer.alloc(${mib} * ${mebibyte}).fill(1); process.exitCode = 7`];
    const most = { pids: 100, memory: 256 * mebibyte };

    expect((await within(most, [process.execPath, ...takes(16)])).status).toBe(7);
    expect((await within(most, [process.execPath, ...takes(1024)])).signal).toBe('SIGKILL');
  });
});
