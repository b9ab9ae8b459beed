/**
 * The thief: `main.mjs <attempt>…` tries these (`all`: those of a whole visit), by the plan beside it, and writes what
 * it has got to loot.ndjson. It is put into a mission by the agent's own tools, and is as good as the user that it runs
 * as. What could harm the machine it only does in a place of its own (`isHarmless`); elsewhere it has got enough.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { secretFiles, wholePlaces, writes } from './files.mjs';
import { calls, devices, kernelSettings, limits, mounts, uncovered, userNamespace } from './kernel.mjs';
import { openLoot } from './loot.mjs';
import { ports } from './ports.mjs';
import { descriptors, environments, kills, memories, roots, tracing } from './processes.mjs';
import { later, otherUsers, setUidFiles } from './rights.mjs';
import { sockets } from './sockets.mjs';
import { answers, survivors } from './staying.mjs';
import { links, swapping, traps } from './traps.mjs';

/** In the order of a visit: what is found first is used later. */
const visit = {
  identity: ({ loot, isHarmless }) => {
    loot.tried();
    if (!isHarmless) loot.take('the machine', `it is ${process.getuid()}, in no place of its own`);
  },
  environments,
  descriptors,
  roots,
  memories,
  tracing,
  secretFiles,
  wholePlaces,
  sockets,
  ports,
  writes,
  kills,
  setUidFiles,
  otherUsers,
  later,
  devices,
  kernelSettings,
  limits,
  mounts,
  userNamespace,
  calls,
  links,
  traps,
};
const attempts = { ...visit, survivors, answers, swapping, uncovered };

const here = import.meta.dirname;
const given = JSON.parse(readFileSync(join(here, 'plan.json'), 'utf8'));

/** The first user id of places (host-agent/warden): nobody of the machine itself has one above it. */
const firstUid = 700_000;
const isHarmless = process.getuid() >= firstUid && readlinkSync('/proc/self/ns/pid') !== given.machine;
const plan = {
  ...given,
  own: [given.directory, ...(isHarmless ? [process.env.HOME, '/tmp', '/var/tmp', '/dev/shm'] : [])],
};
const loot = openLoot(plan, join(plan.directory, 'loot.ndjson'));

const thief = {
  plan,
  loot,
  isHarmless,
  /** What a system call brought, by a program that can make it. */
  calls: (...args) =>
    existsSync('/usr/bin/perl')
      ? spawnSync('/usr/bin/perl', [join(here, 'calls.pl'), ...args], { encoding: 'latin1' }).stdout
      : '',
};

const names = process.argv.slice(2).flatMap((name) => (name === 'all' ? Object.keys(visit) : [name]));
for (const name of names) {
  loot.begin(name);
  try {
    await attempts[name](thief);
  } catch (error) {
    loot.failed(error);
  }
  loot.end();
}
console.log(`${names.length} attempts`);
