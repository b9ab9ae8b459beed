import { existsSync } from 'node:fs';
import { isOnPath, run } from './run.mjs';

/** Programs of the system that Open Agent uses, the Debian package of each, and what is missing without it. */
const programs = [
  { program: 'git', package: 'git', disables: 'missions (each directory is a git repository)' },
  { program: 'tini', package: 'tini', disables: 'reaping what agents leave running' },
  { program: 'setpriv', package: 'util-linux', disables: 'ending every process when the launcher is killed' },
  { program: 'nft', package: 'nftables', disables: "closing OpenCode's port to agents" },
  { program: 'unshare', package: 'util-linux', disables: 'ending every process that OpenCode has started' },
];

/** The same of the tests alone. */
const testPrograms = [
  { program: 'faketime', package: 'faketime', disables: 'tests in which clocks jump' },
  { program: 'datefudge', package: 'datefudge', disables: 'tests in which clocks jump' },
];

/** What makes and boots a clean Debian, for `test-install`. */
export const installPrograms = [
  { program: 'debootstrap', package: 'debootstrap', disables: 'making a clean Debian' },
  { program: 'systemd-nspawn', package: 'systemd-container', disables: 'booting it' },
  { program: 'nsenter', package: 'util-linux', disables: 'working in it' },
];

/**
 * Installs missing system packages when we may, and says in one line what stays missing.
 * @param {{forTests: boolean}} which
 */
export const ensureSystemPackages = async ({ forTests }) => {
  const still = await installMissing(forTests ? [...programs, ...testPrograms] : programs);
  if (still.length === 0) return;
  const disabled = still.map((one) => `${one.program}: ${one.disables}`).join('; ');
  console.error(`Missing, and without it not available — ${disabled}. Install: apt-get install ${packagesOf(still)}`);
};

/**
 * Installs the packages of those programs that are missing, as root where there is apt-get.
 * @param {{program: string, package: string, disables: string}[]} wanted
 * @returns {Promise<typeof wanted>} those that are still missing
 */
export const installMissing = async (wanted) => {
  const missing = wanted.filter(({ program }) => !isOnPath(program));
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return missing;
  const packages = packagesOf(missing).split(' ');
  console.log(`Installing Debian packages: ${packages.join(', ')} …`);
  if (!(await aptInstall(packages)) && (await aptUpdate())) await aptInstall(packages);
  return missing.filter(({ program }) => !isOnPath(program));
};

const packagesOf = (missing) => [...new Set(missing.map((one) => one.package))].join(' ');

/** apt's own lines would drown ours; its errors still show. */
const quiet = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };

const aptInstall = async (packages) =>
  (await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet)) === 0;

const aptUpdate = async () => (await run('apt-get', ['update', '-qq'], quiet)) === 0;
