/** One directory shown in the place of another, to one program and what it starts, and to nobody else. */
import type { ContainmentMeans } from './namespace.ts';

export interface Cover {
  /** The directory whose content is seen. */
  shown: string;
  /** The directory in whose place it is seen. */
  over: string;
}

type Mounts = NonNullable<ContainmentMeans['mounts']>;

/**
 * A mount namespace of a process of its own: what is mounted there is seen there. Where we are not root, one in which
 * we are: mount(8) does it for root alone.
 */
const newMounts: Readonly<Record<Mounts, readonly string[]>> = {
  'as root': ['unshare', '--mount', '--'],
  'in a user namespace': ['unshare', '--user', '--map-root-user', '--mount', '--'],
};

const mount = 'mount --rbind -- "$1" "$2"';

/** Constant; what it works on comes in as arguments. The last step gives the program its user back. */
const scripts: Readonly<Record<Mounts, string>> = {
  'as root': `${mount} && shift 2 && exec "$@"`,
  'in a user namespace': `${mount} && uid="$3" gid="$4" && shift 4 && exec unshare --user --map-user="$uid" --map-group="$gid" -- "$@"`,
};

/**
 * The command line that runs `command` with `cover`; it becomes that program, in the same process. The program does not
 * start where the mount fails, and mount(8) says why on its error output.
 */
export const covered = (command: readonly string[], { shown, over }: Cover, mounts: Mounts): string[] => {
  const shell = ['/bin/sh', '-c', scripts[mounts], 'covered', shown, over];
  const user = mounts === 'as root' ? [] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0].map(String);
  return [...newMounts[mounts], ...shell, ...user, ...command];
};
