/** What `openagent doctor` finds out about this machine, without an edge. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openCodeBinary } from '../opencode/process/binary.ts';
import { runProgram } from '../process/child.ts';
import { containmentMeans } from '../process/means.ts';
import { type Check, fatal, lacking, works } from './check.ts';

/** A program that takes longer to say its version hangs. OpenCode, of 150 MB, needs seconds on a cold disk. */
const answerMs = 30_000;
/** node:sqlite without a flag, which the host-agent's store is built on. */
const neededNode = [22, 13] as const;
const mebibyte = 1024 * 1024;
/** An installation takes 1.5 GB; below half a GB the outbox and git soon have no room. */
const neededDiskBytes = 512 * mebibyte;
const goodDiskBytes = 3 * 1024 * mebibyte;
/** OpenCode alone takes 300 to 600 MB. */
const goodMemoryBytes = 1024 * mebibyte;

/** All of them, in the order of their weight. `directory` is WORKING_DIR. */
export const machineChecks = async (directory: string): Promise<Check[]> => {
  const [program, git, contained, disk, optional] = await Promise.all([
    openCodeCheck(),
    gitCheck(),
    containmentChecks(),
    diskCheck(directory),
    optionalChecks(),
  ]);
  return [nodeCheck(), git, program, disk, memoryCheck(), ...contained, ...optional];
};

const nodeCheck = (): Check => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNewEnough = major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1]);
  const text = `Node ${process.versions.node} (${process.execPath})`;
  if (isNewEnough) return works(text);
  return fatal(text, `Install Node ${neededNode.join('.')} or newer: https://nodejs.org/en/download`);
};

const gitCheck = async (): Promise<Check> => {
  const version = await versionOf('git', ['--version']);
  return version ? works(version) : fatal('git is missing', 'apt-get install git');
};

const openCodeCheck = async (): Promise<Check> => {
  try {
    const { path, version } = openCodeBinary();
    const variant = /-baseline/.test(path) ? 'for processors without AVX2' : 'for this processor';
    const home = await mkdtemp(join(tmpdir(), 'openagent-doctor-'));
    // OpenCode makes directories in its HOME even to say its version.
    const runs = await versionOf(path, ['--version'], { HOME: home, PATH: process.env.PATH ?? '' });
    await rm(home, { recursive: true, force: true });
    if (runs) return works(`OpenCode ${version}, ${variant}`);
    return fatal(`OpenCode ${version} (${path}) does not run here`, `Start it by hand to see why: ${path} --version`);
  } catch (error) {
    return fatal('OpenCode is missing', error instanceof Error ? error.message : String(error));
  }
};

const containmentChecks = async (): Promise<Check[]> => {
  const { setpriv, pidNamespace, tini, mounts } = await containmentMeans();
  const isRoot = process.getuid?.() === 0;
  return [
    tini
      ? works('tini')
      : lacking(
          'tini is missing',
          'a shell reaps what agents leave, which takes a little more',
          'apt-get install tini',
        ),
    setpriv
      ? works('setpriv')
      : lacking('setpriv is missing', 'a killed launcher leaves its processes', 'apt-get install util-linux'),
    pidNamespace
      ? works('unshare, with PID namespaces')
      : lacking(
          'no PID namespace can be made',
          'programs that agents put into the background may outlive OpenCode',
          isRoot ? 'A container must be privileged for it; else apt-get install util-linux' : 'Run Open Agent as root',
        ),
    mounts
      ? works('mount namespaces: OpenCode sees nothing that agents write')
      : lacking(
          'no mount namespace can be made',
          'OpenCode itself reads and runs the configuration that agents write into their missions',
          isRoot ? 'A container must be privileged for it' : 'Run Open Agent as root, or let users make namespaces',
        ),
  ];
};

/** Checks for things that this version can do without. */
const optionalChecks = async (): Promise<Check[]> => {
  const [nspawn, chromium] = await Promise.all([versionOf('systemd-nspawn', ['--version']), chromiumVersion()]);
  return [
    /\bcgroup2\b/.test(textOf('/proc/mounts'))
      ? works('cgroup v2')
      : lacking(
          'no cgroup v2 is mounted',
          'limits of memory and processors for the units',
          'Boot a kernel with cgroup v2 (any since 2016)',
        ),
    existsSync('/run/systemd/system')
      ? works('systemd')
      : lacking(
          'systemd does not run here',
          'starting with the machine',
          'Have `openagent up` or `openagent agent` started by what you have instead',
        ),
    nspawn
      ? works(`systemd-nspawn (${nspawn.split(/\s+/).slice(0, 2).join(' ')})`)
      : lacking(
          'systemd-nspawn is missing',
          'workspaces in containers, of a later version',
          'apt-get install systemd-container',
        ),
    chromium
      ? works(chromium)
      : lacking('Chromium is missing', 'agents that look at web pages in a browser', 'apt-get install chromium'),
  ];
};

const chromiumVersion = async (): Promise<string | undefined> => {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const versions = await Promise.all(names.map((name) => versionOf(name, ['--version'])));
  return versions.find((version) => version !== undefined);
};

const diskCheck = async (directory: string): Promise<Check> => {
  const { bavail, bsize } = await statfs(existing(directory));
  const text = `${inGigabytes(bavail * bsize)} of disk free in ${directory}`;
  const install = `Free some, or set WORKING_DIR to a larger disk`;
  if (bavail * bsize < neededDiskBytes) return fatal(text, install);
  return bavail * bsize < goodDiskBytes ? lacking(text, 'missions end where the disk ends', install) : works(text);
};

/** The directory may not have been made yet. */
const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)));

const memoryCheck = (): Check => {
  const free = Number(/^MemAvailable:\s+(\d+) kB/m.exec(textOf('/proc/meminfo'))?.[1] ?? 0) * 1024;
  const text = `${inGigabytes(free)} of memory available`;
  if (free >= goodMemoryBytes) return works(text);
  return lacking(text, 'OpenCode and what agents run may be ended by the kernel', 'Add memory or swap');
};

const inGigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // A kernel without it has nothing of what is looked for.
  }
};

/** First line of what a program says of itself; undefined when there is none, or it can't run. */
const versionOf = async (file: string, args: string[], env = process.env): Promise<string | undefined> => {
  const { code, stdout } = await runProgram({ command: [file, ...args], env, output: 'kept', withinMs: answerMs });
  // Missing or broken is the answer, and the check puts it into words.
  return code === 0 ? stdout.split('\n')[0]?.trim() || undefined : undefined;
};
