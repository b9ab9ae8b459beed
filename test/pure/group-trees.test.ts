import { expect, test } from 'vitest';
import { treesIn } from '../../host-agent/warden/groups.ts';

const controllers = ['pids', 'memory'];

test('the tree of cgroup v2 alone has all bounds', () => {
  const mounts =
    '30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n21 1 8:1 / / rw - ext4 /dev/sda rw';
  expect(treesIn(mounts, '0::/system.slice/a.service')).toEqual([{ path: '/sys/fs/cgroup', version: 2, controllers }]);
});

test('of v1 each controller has a tree, in which ours are below where we are', () => {
  const mounts = [
    '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
    '39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids',
    '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
    '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
  ].join('\n');
  expect(treesIn(mounts, '8:pids:/\n4:memory:/user/a:b\n0::/')).toEqual([
    { path: '/sys/fs/cgroup/unified', version: 2, controllers },
    { path: '/sys/fs/cgroup/memory/user/a:b', version: 1, controllers: ['memory'] },
    { path: '/sys/fs/cgroup/pids', version: 1, controllers: ['pids'] },
  ]);
});

test('where a container sees only its own part of a tree, that is where we are', () => {
  const mounts = '39 31 0:36 /docker/1 /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids';
  expect(treesIn(mounts, '8:pids:/docker/1/app')).toMatchObject([{ path: '/sys/fs/cgroup/pids/app' }]);
  expect(treesIn(mounts, '8:pids:/elsewhere')).toMatchObject([{ path: '/sys/fs/cgroup/pids' }]);
});
