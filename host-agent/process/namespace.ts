import { type OwnUser, userOptions } from './as-user.ts';

/** What this machine offers to make a program and all it starts end together. */
export interface ContainmentMeans {
  /** `setpriv` of util-linux: the kernel kills the child when the process that started it dies, however it dies. */
  setpriv: boolean;
  /** A PID namespace can be made here (root, and not forbidden by a container). */
  pidNamespace: boolean;
  /** Path of tini, the init that reaps what orphans leave. */
  tini?: string;
  /** How a directory can be shown in the place of another (covered.ts); absent where that can't be done. */
  mounts?: 'as root' | 'in a user namespace';
}

export interface Contained {
  file: string;
  args: string[];
  /** True when killing the namespace's first process ends everything inside. */
  namespace: boolean;
  /**
   * With a namespace: how many generations `command` is below the started process; the first of them is the namespace's
   * first process.
   */
  depth: number;
  /** What can be left behind on this machine, in words for a person; undefined when nothing can. */
  notGuaranteed?: string;
}

/**
 * The command line that runs `command` so that nothing of it outlives its owner (architecture §3, 7): a PID namespace
 * with a reaping init, ended by the kernel when the process that spawned it dies. Falls back to what `means` allows,
 * and says so. With `report`, once the command has ended in a namespace, the /proc/<pid>/stat of each process that is
 * still there is written to file descriptor `leftFd` before the namespace ends (see left-behind.ts). With `as`, which
 * takes setpriv and no namespace, it is that Linux user, by the same step that ties it.
 */
export const contain = (
  command: readonly string[],
  means: ContainmentMeans,
  { report = false, as }: { report?: boolean; as?: OwnUser } = {},
): Contained => {
  if (as && (!means.setpriv || means.pidNamespace))
    throw new Error('a program can only be made another user by setpriv');
  const user = as ? userOptions(as.number, as.kept) : [];
  const tied = means.setpriv ? ['setpriv', '--pdeathsig', 'KILL', ...user, '--'] : [];
  const inits = means.pidNamespace ? init(means.tini, report) : [];
  const inner = means.pidNamespace ? [...newNamespace, ...inits.flat()] : [];
  const [file = '', ...args] = [
    ...(means.setpriv || means.pidNamespace ? ignoringSignals : []),
    ...tied,
    ...inner,
    ...command,
  ];
  return { file, args, namespace: means.pidNamespace, depth: inits.length + 1, notGuaranteed: lacking(means) };
};

/**
 * The end of a terminal or a session, a Ctrl-C and a machine that shuts down send their signal to every process at
 * once: what an owner ends in order must not die of it before. What is ignored stays so over exec; a program that sets
 * handlers of its own still hears them, and node and OpenCode start their tools with the defaults.
 */
const ignoringSignals = ['/bin/sh', '-c', 'trap "" HUP INT TERM; exec "$@"', 'ignoring-signals'];

/** Where a namespace says what its command left behind. */
export const leftFd = 3;

/** The command line of a program that is to be in a PID namespace of its own begins so. */
export const newNamespace = ['unshare', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--'];

/**
 * The first process of a namespace inherits its orphans and must reap them, which OpenCode does not. Without tini a
 * POSIX shell that waits for its one command does it too; the scripts are constant, the command comes in as their
 * arguments.
 */
const init = (tini: string | undefined, report: boolean): string[][] => {
  const shell = (script: string) => ['/bin/sh', '-c', script, 'init'];
  const reporting = shell(reportScript);
  if (tini === undefined) return [report ? reporting : shell('"$@"; exit "$?"')];
  return report ? [[tini, '--'], reporting] : [[tini, '--']];
};

/** /proc is the namespace's own. The command does not get the descriptor, so the report ends with this shell. */
const reportScript = `"$@" ${leftFd}>&-; code="$?"; cat /proc/[0-9]*/stat 2>/dev/null >&${leftFd}; exit "$code"`;

const lacking = ({ setpriv, pidNamespace }: ContainmentMeans): string | undefined => {
  const needs = 'Nothing is left behind as root with util-linux (setpriv, unshare).';
  if (!pidNamespace && !setpriv)
    return `Without setpriv and a PID namespace, a killed owner leaves all of it. ${needs}`;
  if (!pidNamespace) return `Without a PID namespace, commands that leave their process group may remain. ${needs}`;
  if (!setpriv) return `Without setpriv, a killed owner leaves the namespace running. ${needs}`;
  return undefined;
};
