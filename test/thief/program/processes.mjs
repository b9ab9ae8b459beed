// What other processes have: their environments, open files, roots and memory, and the reins of them.
import { closeSync, fstatSync, openSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { headOf, namesIn } from './reading.mjs';

/**
 * Every process that it sees, but itself; where it is not in a place of its own only those it was told of, since the
 * others are of other tests.
 */
const pids = ({ isHarmless, plan }) => {
  const seen = namesIn('/proc').filter((name) => /^\d+$/.test(name));
  const told = plan.processes.map(String);
  return [...new Set([...(isHarmless ? seen : []), ...told])].filter((pid) => Number(pid) !== process.pid);
};

const texts = ['environ', 'cmdline', 'auxv', 'maps', 'mountinfo', 'stack', 'syscall', 'io', 'status', 'timers'];

export const environments = (thief) => {
  for (const pid of pids(thief)) {
    for (const name of texts) {
      thief.loot.tried();
      const bytes = headOf(`/proc/${pid}/${name}`);
      if (bytes) thief.loot.look(bytes, `/proc/${pid}/${name}`);
    }
  }
};

/** Also what it was born with itself: a descriptor that somebody forgot to close is read without asking again. */
export const descriptors = (thief) => {
  for (let fd = 3; fd < 64; fd++) {
    thief.loot.tried();
    const bytes = inheritedBytes(fd);
    if (bytes) thief.loot.look(bytes, `/proc/self/fd/${fd}`);
  }
  for (const pid of [...pids(thief), 'self', String(process.ppid)]) {
    for (const fd of ['0', ...namesIn(`/proc/${pid}/fd`)]) {
      thief.loot.tried();
      const path = `/proc/${pid}/fd/${fd}`;
      const bytes = headOf(path, { position: 0 });
      if (bytes) thief.loot.look(bytes, path);
      for (const name of isDirectory(path) ? namesIn(path) : []) {
        const inside = headOf(join(path, name));
        if (inside) thief.loot.look(inside, join(path, name));
      }
    }
  }
};

const inheritedBytes = (fd) => {
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const buffer = Buffer.alloc(pieceBytes);
    return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, 0));
  } catch {
    return undefined;
  }
};

/** The file systems of others, by way of /proc. */
export const roots = (thief) => {
  for (const pid of pids(thief)) {
    for (const way of ['root', 'cwd', 'task/1/root']) {
      const base = `/proc/${pid}/${way}`;
      for (const file of thief.plan.secretFiles) {
        thief.loot.tried();
        const bytes = headOf(join(base, file));
        if (bytes) thief.loot.look(bytes, join(base, file));
      }
    }
  }
};

/** So much of each process is looked at: ours have less that is written to. */
const maxMemoryBytes = 256 * 1024 * 1024;
const pieceBytes = 8 * 1024 * 1024;

export const memories = (thief) => {
  for (const pid of pids(thief)) {
    thief.loot.tried();
    readMemory(pid, (bytes) => thief.loot.look(bytes, `/proc/${pid}/mem`));
  }
  for (const path of ['/dev/mem', '/dev/kmem', '/dev/port', '/proc/kcore']) {
    thief.loot.tried();
    if (headOf(path, { bytes: 64 })?.length) thief.loot.take('memory of the machine', path);
  }
};

const readMemory = (pid, seen) => {
  let fd;
  try {
    fd = openSync(`/proc/${pid}/mem`, 'r');
    let left = maxMemoryBytes;
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      if (!from || left <= 0) continue;
      for (let at = Number.parseInt(from, 16); at < Number.parseInt(to, 16) && left > 0; at += pieceBytes) {
        const buffer = Buffer.alloc(Math.min(pieceBytes, Number.parseInt(to, 16) - at));
        left -= buffer.length;
        try {
          seen(buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, at)));
        } catch {
          // A page that is not there.
        }
      }
    }
  } catch {
    // Not ours to read.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

/** Of its own processes it may be the tracer; of another's it is a hole. */
export const tracing = (thief) => {
  const others = pids(thief).filter((pid) => uidOf(pid) !== process.getuid());
  const said = thief.calls('trace', ...others);
  thief.loot.tried(others.length + 1);
  for (const [, pid] of said.matchAll(/traced (\d+)/g)) thief.loot.take('reins of a process of another', pid);
};

/** Whoever looks from outside sees whether they live. */
export const kills = (thief) => {
  for (const pid of thief.plan.victims) {
    thief.loot.tried();
    if (!thief.isHarmless || uidOf(pid) === process.getuid()) continue; // A number of its own processes.
    try {
      process.kill(pid, 'SIGKILL');
      thief.loot.take('life of a process', String(pid));
    } catch {
      // Not there, or not ours.
    }
  }
};

const uidOf = (pid) => {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return undefined;
  }
};

const isDirectory = (path) => {
  try {
    return statSync(path).isDirectory() && readlinkSync(path) !== process.cwd();
  } catch {
    return false;
  }
};
