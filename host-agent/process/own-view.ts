/** A program as a Linux user of its own that sees, of what is closed to that user, only what it is shown. */
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { asUser } from './as-user.ts';
import { closedAbove, isWithin } from './reach.ts';

export interface Shown {
  /** A directory or file of the machine, without a link on the way, */
  from: string;
  /** and where it is seen; there is something, and links on the way are seen too. */
  to: string;
  access: 'ro' | 'rw';
}

export interface OwnView {
  /** Number of the user and of its group. */
  user: number;
  /** Its working directory, which it is shown. */
  cwd: string;
  /** An empty directory, in which the view is put together. */
  stage: string;
  shown: readonly Shown[];
}

/** It has one of its own, which is gone with it: OpenCode leaves a library of 5 MB there when it is killed. */
const temporary = '/tmp';

/**
 * The command line that runs `command` as its user in a mount namespace of its own; it becomes that program, in the
 * same process. Instead of each topmost directory that the user may not go through it sees one of ours with what it is
 * shown there, and a /tmp of its own. Takes root. The program does not start where a mount fails, and mount(8) says
 * why on its error output. Rejects where a path is not there.
 */
export const inOwnView = async (command: readonly string[], view: OwnView): Promise<string[]> => {
  const user = { uid: view.user, gid: view.user };
  const stage = await realpath(view.stage);
  const tops = new Map<string, string[]>([[temporary, []]]);
  /** Words for what is seen at a path that is closed to the user; undefined where it is not. */
  const closed = async (path: string, words: (inside: string) => string[]): Promise<true | undefined> => {
    const top = isWithin(path, temporary) ? temporary : await closedAbove(path, user);
    if (top === '/') throw new Error('The root directory of this machine is closed to all but root: chmod 755 /');
    if (top === undefined) return undefined;
    tops.set(top, [...(tops.get(top) ?? []), ...words(relative(top, path))]);
    return true;
  };
  const direct: string[] = [];
  const links = new Map<string, string>();
  const placed = await Promise.all(view.shown.map(async (one) => ({ ...one, to: await withoutLinks(one.to, links) })));
  for (const { from, to, access } of outermost(placed)) {
    const options = `rbind,${access},nosuid,nodev`;
    const kind = (await stat(from)).isDirectory() ? 'dir' : 'file';
    const isClosed = await closed(to, (inside) => [kind, options, from, inside, dirname(inside)]);
    if (!isClosed && (from !== to || access === 'ro')) direct.push('over', options, from, to);
  }
  for (const [at, target] of links)
    await closed(dirname(at), (inside) => ['link', target, join(inside, relative(dirname(at), at)), inside]);
  // The one that hides the stage comes last.
  const ordered = [...tops].sort(([a], [b]) => Number(isWithin(stage, a)) - Number(isWithin(stage, b)));
  const made = ordered.flatMap(([top, words]) => ['top', top === temporary ? '1777' : '755', ...words]);
  const put = ordered.flatMap(([top], at) => ['put', String(at + 1), top]);
  const words = [...direct, ...made, ...put, 'run'];
  return [...newMounts, '/bin/sh', '-c', script, 'view', stage, view.cwd, ...words, ...asUser(view.user), ...command];
};

/** Where a path leads. The links on its way are put into `links`, with where each leads. */
const withoutLinks = async (path: string, links: Map<string, string>): Promise<string> => {
  let at = '/';
  for (const name of path.split('/').filter((each) => each !== '')) {
    const next = join(at, name);
    if (!(await lstat(next)).isSymbolicLink()) at = next;
    else {
      const target = resolve(at, await readlink(next));
      links.set(next, target);
      at = await withoutLinks(target, links);
    }
  }
  return at;
};

/** Without what is seen anyway because a directory above it is shown. */
const outermost = (shown: readonly Shown[]): Shown[] =>
  shown.filter(
    (one, at) =>
      !shown.some(
        (other, place) =>
          place !== at &&
          isWithin(one.to, other.to) &&
          (one.to !== other.to || place < at) &&
          relative(other.to, one.to) === relative(other.from, one.from),
      ),
  );

const newMounts = ['unshare', '--mount', '--propagation', 'private', '--'];

/**
 * Constant; what it works on comes in as arguments: `$1` where the view is put together, `$2` the working directory,
 * then words:
 *
 *     over OPTIONS FROM TO                is mounted on what the machine has at TO
 *     top MODE                            begins a directory of ours, in which is mounted
 *     dir|file OPTIONS FROM PLACE ABOVE   what the machine has at FROM
 *     link TARGET PLACE ABOVE             or a link
 *     put NUMBER TO                       that directory of ours is seen in the place of TO
 *
 * and behind `run` the command line.
 */
const script = `
set -eu
path=$PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
stage=$1
cwd=$2
shift 2
mount -t tmpfs -o mode=700,nosuid,nodev,size=1m view "$stage"
number=0
while [ "$1" != run ]; do
  case $1 in
    over)
      mount -o "$2" "$3" "$4"
      shift 4 ;;
    top)
      number=$((number + 1))
      mkdir "$stage/$number"
      mount -t tmpfs -o "mode=$2,nosuid,nodev" view "$stage/$number"
      shift 2 ;;
    dir)
      mkdir -p "$stage/$number/$4"
      mount -o "$2" "$3" "$stage/$number/$4"
      shift 5 ;;
    file)
      mkdir -p "$stage/$number/$5"
      [ -e "$stage/$number/$4" ] || : >"$stage/$number/$4"
      mount -o "$2" "$3" "$stage/$number/$4"
      shift 5 ;;
    link)
      mkdir -p "$stage/$number/$4"
      ln -s "$2" "$stage/$number/$3"
      shift 4 ;;
    put)
      mount --rbind "$stage/$2" "$3"
      shift 3 ;;
    *) exit 1 ;;
  esac
done
shift
cd "$cwd"
unset OLDPWD
PATH=$path
exec "$@"
`;
