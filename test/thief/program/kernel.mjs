// The kernel: devices, mounts, namespaces, its settings and the calls that only the privileged may make.
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, lstatSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { headOf, namesIn } from './reading.mjs';

const run = (command, args) => spawnSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

/** Without its own place it does nothing of this: the machine is everybody's. */
export const devices = ({ plan, loot, isHarmless }) => {
  if (!isHarmless) return;
  for (const place of plan.own) {
    loot.tried();
    const node = join(place, 'disk');
    if (run('mknod', [node, 'b', '7', '255']).status === 0) loot.take('a device', node);
  }
  for (const name of namesIn('/dev')) {
    const path = join('/dev', name);
    loot.tried();
    const stat = lstatSync(path);
    const isMemoryOrDisk = stat.isBlockDevice() || /^(mem|kmem|port|kmsg|sg\d|nvme|fuse|kvm|loop-control)/.test(name);
    if (isMemoryOrDisk && headOf(path, { bytes: 512 }) !== undefined) loot.take('a device', path);
  }
};

/** Settings of the kernel, and limits of its own: they are opened, and nothing is written. */
const settings = [
  '/proc/sys/kernel/core_pattern',
  '/proc/sys/kernel/modprobe',
  '/proc/sys/kernel/hotplug',
  '/proc/sys/vm/overcommit_memory',
  '/proc/sys/fs/binfmt_misc/register',
  '/proc/sysrq-trigger',
  '/sys/kernel/uevent_helper',
  '/sys/fs/cgroup/cgroup.procs',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes',
  '/sys/fs/cgroup/pids/cgroup.procs',
  '/sys/fs/cgroup/memory/release_agent',
  '/sys/fs/cgroup/unified/cgroup.procs',
  '/sys/kernel/debug/tracing/trace',
  '/proc/1/oom_score_adj',
  '/proc/1/mem',
];

export const kernelSettings = ({ plan, loot, isHarmless }) => {
  for (const path of [...settings, ...plan.cgroups]) {
    loot.tried();
    if (!isHarmless) continue;
    try {
      closeSync(openSync(path, constants.O_WRONLY));
      // The first process of its place may be its own.
      if (!path.startsWith('/proc/1/')) loot.take('a setting of the kernel', path);
    } catch {
      // Not there, or not for it.
    }
  }
  if (!isHarmless) return;
  loot.tried();
  try {
    writeFileSync('/proc/self/oom_score_adj', '-1000');
    loot.take('a setting of the kernel', 'it is never killed for memory');
  } catch {
    // It may be killed as others are.
  }
};

/** More processes than this fill the machine's table, which has 32,768 at first. */
const manyProcesses = 16_384;

/** How much of the machine it may take, and whether it can raise that. Nothing is filled. */
export const limits = ({ loot, isHarmless }) => {
  if (!isHarmless) return;
  const most = () => Number(/^Max processes +\S+ +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  loot.tried();
  if (!(most() <= manyProcesses)) loot.take('a limit', `it may have ${most() || 'any number of'} processes`);
  for (const limit of ['--nproc', '--nofile', '--memlock', '--rtprio', '--nice', '--sigpending', '--msgqueue']) {
    loot.tried();
    const raised = run('prlimit', [`${limit}=unlimited:unlimited`, 'true']);
    if (raised.status === 0 && limit === '--nproc') loot.take('a limit', `${limit} is raised`);
  }
};

/** Flags of mount(2). */
const [bind, remount, recursive] = [4096, 32, 16384];

export const mounts = (thief) => {
  const { plan, loot, isHarmless } = thief;
  if (!isHarmless) return;
  const point = join(plan.directory, 'mounted');
  mkdirSync(point, { recursive: true });
  const ways = [
    ['tmpfs', point, 'tmpfs', 0],
    ['/proc/1/root', point, 'none', bind + recursive],
    // The mount alone: what is below it is the machine's.
    ['none', '/', 'none', remount + bind],
    ['none', '/usr', 'none', remount + bind],
    ['none', point, 'cgroup2', 0],
    ['none', point, 'debugfs', 0],
    ['none', point, 'proc', 0],
  ];
  for (const way of ways) {
    loot.tried();
    if (!thief.calls('mount', ...way.map(String)).includes('mounted')) continue;
    loot.take('a mount', way.join(' '));
    if (way[1] === point) thief.calls('umount', way[1]);
  }
};

/**
 * As root of a user namespace of its own, with mounts of its own: takes off all covers, shows a fresh /proc, and looks
 * whether anything is under them. Another process of this program does the looking.
 */
export const userNamespace = ({ plan, loot, isHarmless }) => {
  if (!isHarmless) return;
  loot.tried();
  const again = [process.execPath, join(import.meta.dirname, 'main.mjs'), 'uncovered'];
  run('unshare', ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc', ...again]);
  run('unshare', ['--user', '--map-root-user', '--mount', ...again]);
  run('unshare', ['--user', '--map-root-user', '--mount', '--propagation', 'unchanged', ...again]);
  loot.tried(plan.secretFiles.length);
};

/** Inside of that namespace. */
export const uncovered = ({ plan, loot, calls: make }) => {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .reverse();
  for (const point of points) {
    loot.tried();
    make('umount', point);
    for (const file of plan.secretFiles) {
      for (const path of [file, `/proc/1/root${file}`]) {
        const bytes = existsSync(path) ? headOf(path) : undefined;
        if (bytes) loot.look(bytes, `${path} below ${point}`);
      }
    }
  }
};

export const calls = (thief) => {
  thief.loot.tried();
  thief.loot.look(thief.calls('keys'), 'a keyring');
  thief.loot.tried();
  for (const name of thief.isHarmless ? thief.calls('kernel').split('\n').filter(Boolean) : []) {
    thief.loot.take('a call of the privileged', name);
  }
};
