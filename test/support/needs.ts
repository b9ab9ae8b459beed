// What some tests need of the machine they run on. Where it is missing they are skipped, and their titles say why, so
// that the last lines of a run can.
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';

/** Tried in a mount namespace of its own: root alone does not mean that a container may mount. */
const mayMount = (): boolean => {
  const mount = ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', tmpdir()];
  return spawnSync('unshare', ['--mount', ...mount]).status === 0;
};

/** Why no small disk can be made here, or undefined. */
export const noMount: string | undefined =
  process.getuid?.() !== 0
    ? 'a small disk takes root'
    : mayMount()
      ? undefined
      : 'mounting is not allowed here, or util-linux is missing';

/** Why nobody can be made another user here, or undefined. */
export const noRoot: string | undefined = process.getuid?.() === 0 ? undefined : 'it takes root';

/** Why no place can be made here for a user's agents, or undefined. */
export const noPlace: string | undefined = noMount;

/**
 * The title of a test or a group that is skipped for `reason`, if there is one (test/allowed-skips.json names both).
 */
export const unless = (reason: string | undefined, title: string): string =>
  reason === undefined ? title : `${title} (not tried: ${reason})`;

/** Why no port can be closed to agents here, or undefined: a place is needed, and nftables. */
export const noFirewall: string | undefined =
  noMount ??
  (spawnSync('unshare', ['--net', '--', 'nft', 'add', 'table', 'inet', 'tried']).status === 0
    ? undefined
    : 'nftables are missing, or a container does not let us');
