import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * Whether we were started so that a hang-up (SIGHUP) is to be ignored: by `nohup`, or as a unit of systemd, whose life
 * is systemd's matter. What `nohup` does itself is of no use: Node sets every signal that it inherits as ignored back
 * to its default before a program sees anything. So nohup is known by its traces: bash and zsh name it in `_`, it
 * replaces a terminal on standard input by a write-only /dev/null, and one on standard output by nohup.out.
 * @returns {boolean}
 */
export const ignoresHangup = () => {
  const { _: startedBy = '', SYSTEMD_EXEC_PID: unit = '' } = process.env;
  if ([process.pid, process.ppid].map(String).includes(unit)) return true;
  if (basename(startedBy) === 'nohup') return true;
  return (targetOf(0) === '/dev/null' && isWriteOnly(0)) || [1, 2].some((fd) => basename(targetOf(fd)) === 'nohup.out');
};

const targetOf = (fd) => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // Closed, or no /proc: no trace.
  }
};

/** The last two bits of the octal flags are the access mode (open(2)): 1 is O_WRONLY. */
const isWriteOnly = (fd) => {
  try {
    return (
      (Number.parseInt(/^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1], 8) & 3) === 1
    );
  } catch {
    return false;
  }
};
