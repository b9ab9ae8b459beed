/**
 * Builds a place and runs its actor: the first process of the place, root, in mount, PID and IPC namespaces that were
 * made for it. It is constant: what is special about a place comes in as arguments, which are data to it.
 *
 * In: `$1` an empty directory for the new root, `$2` cgroups to be in, with colons between (or nothing), `$3` `ro`
 * where the system's own directories are mounted read-only (else `rw`), then what is seen beside them, in words of four
 * kinds:
 *
 *     dir PATH              a directory, with those above it
 *     file PATH             a file, for something to be mounted on
 *     empty PATH            nothing is seen of what the machine has there
 *     bind OPTIONS FROM TO  what the machine has at FROM is seen at TO
 *
 * and behind the word `run` the actor's command line. Standard input is the actor's connection, standard output its
 * life: the hands never say anything there, and when they let go of it everything in the place is killed.
 */
export const placeScript = `
set -eu
path=$PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec 3<&1 1>&0

# Where memory runs out, what agents run goes first; and only root may say otherwise.
echo 500 >/proc/self/oom_score_adj
IFS=:
for group in $2; do echo 0 >"$group/cgroup.procs"; done
unset IFS

mount -t tmpfs -o mode=755,nosuid,nodev,size=4m place "$1"
cd "$1"
for top in /*; do
  case $top in
    /dev | /home | /lost+found | /proc | /root | /run | /sys | /tmp) continue ;;
    /bin | /boot | /etc | /lib* | /sbin | /usr | /var) access=$3 ;;
    *) access=rw ;;
  esac
  if [ -L "$top" ]; then
    cp -P "$top" ".$top"
  elif [ -d "$top" ]; then
    mkdir ".$top"
    mount -o "rbind,nosuid,nodev,$access" "$top" ".$top"
  fi
done

mkdir dev home proc root run sys tmp dev/pts dev/shm .old
mount -t proc -o nosuid,nodev,noexec,hidepid=2 proc proc
mount -o bind,ro,nosuid,nodev,noexec /sys sys
for name in null zero full random urandom tty; do
  : >"dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
mount -t devpts -o newinstance,nosuid,noexec,ptmxmode=666,mode=620,gid=5 pts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev,size=12% shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr

# From here on every path is one of the place: no link in it leads to the machine.
pivot_root . .old
cd /
shift 3
set -f

no_link() {
  [ ! -L "$1" ] || { echo "$1 is a link, and nothing is mounted through one" >&2; exit 1; }
}
directory() {
  at=
  IFS=/
  for name in $1; do
    [ -n "$name" ] || continue
    at="$at/$name"
    no_link "$at"
    [ -d "$at" ] || mkdir "$at"
  done
  unset IFS
}
while [ "$1" != run ]; do
  case $1 in
    dir)
      directory "$2"
      shift 2 ;;
    file)
      no_link "$2"
      [ -e "$2" ] || : >"$2"
      shift 2 ;;
    empty)
      directory "$2"
      mount -t tmpfs -o mode=755,nosuid,nodev,size=4m place "$2"
      shift 2 ;;
    bind)
      no_link "$4"
      mount -o "$2" "/.old$3" "$4"
      shift 4 ;;
    *) exit 1 ;;
  esac
done
shift
umount -l /.old
rmdir /.old

pid=$PLACE_PID
unset PLACE_PID OLDPWD
{ read -r _ <&3 || :; kill -KILL -1; } &
echo "{\\"pid\\":$pid}"
PATH=$path
set +e
"$@" 3<&- 2>/dev/null
exit "$?"
`;
