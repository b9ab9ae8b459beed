// One attempt of the thief beside one hole that was made for it, without a system around it.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { itemsOf, lootIn } from './loot.ts';

/** A user in the range of places whom no warden gives out before it has given out 99,000 others. */
const thiefUid = 799_999;

export interface Hole {
  /** What the thief is told beside its secret. */
  plan?: object;
  /** Capabilities that somebody forgot to take from it (`setpriv`), by their names. */
  capabilities?: readonly string[];
  /** Run by root in the thief's namespaces before it; `$secret` is the text to steal. */
  before?: string;
  /** Run as the thief before and after it. */
  first?: string;
  after?: string;
  /** What is temporary is not its own, since it takes off whatever is mounted. */
  takesCoversOff?: true;
  /** A descriptor that it inherits. */
  inherited?: number;
}

export interface Ground {
  /** The thief's own directory. */
  directory: string;
  /** Root's, which others may enter. */
  around: string;
  secret: string;
  /** Lets the thief make one attempt; resolves with what it got, one text each. */
  attempt(name: string, hole?: Hole): Promise<string[]>;
}

/** A directory with a thief in it; both are gone after the test. */
export const ground = (): Ground => {
  const around = mkdtempSync(join(tmpdir(), 'hole-'));
  chmodSync(around, 0o755);
  onTestFinished(() => rmSync(around, { recursive: true, force: true }));
  const directory = join(around, 'mission');
  mkdirSync(directory);
  cpSync(join(import.meta.dirname, 'program'), join(directory, 'thief'), { recursive: true });
  chownSync(directory, thiefUid, thiefUid);
  const secret = `canary-hole-${randomUUID()}`;

  const start = (name: string, { plan, capabilities = [], ...hole }: Hole): ChildProcess => {
    const told = { ...nothing, directory, ...plan, secrets: [{ name: 'secret', backwards: reversed(secret) }] };
    writeFileSync(join(directory, 'thief', 'plan.json'), JSON.stringify(told));
    const caps = ['-all', ...capabilities.map((capability) => `+${capability}`)].join(',');
    const user = ['--reuid', String(thiefUid), '--regid', String(thiefUid), '--clear-groups'];
    const rights = ['--inh-caps', caps, '--ambient-caps', caps];
    const own = 'eval "$first"; "$node" thief/main.mjs $name; eval "$after"';
    const script = `eval "$before"; exec setpriv ${[...user, ...rights].join(' ')} sh -c '${own}'`;
    const kept = hole.inherited === undefined ? [] : [hole.inherited];
    const apart = 'exec unshare --mount --pid --fork --kill-child --mount-proc sh -c "$script"';
    return spawn('unshare', ['--mount', 'sh', '-c', hole.takesCoversOff ? apart : `${covers}; ${apart}`], {
      cwd: directory,
      stdio: ['ignore', 'inherit', 'inherit', 'ignore', ...kept],
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        around,
        directory,
        script,
        node: process.execPath,
        name,
        first: hole.first ?? '',
        before: hole.before ?? '',
        after: hole.after ?? '',
        ...(hole.before ? { secret } : {}),
      },
    });
  };

  return {
    directory,
    around,
    secret,
    attempt: async (name, hole = {}) => {
      const thief = start(name, hole);
      await once(thief, 'exit');
      const lines = lootIn(directory);
      const failure = lines.find(({ failed }) => failed !== undefined)?.failed;
      if (failure !== undefined || lines.length === 0) throw new Error(failure ?? 'the thief did not begin');
      return itemsOf(lines);
    },
  };
};

/**
 * What is temporary is the thief's own in its namespace, as in a place: the traps that it lays there are for programs
 * of its own system, and would be found by everybody's.
 */
const covers = `set -e
own="$around/temporary/$(basename "$around")"
mkdir -p "$own"
chmod 1777 "$around/temporary"
mount --bind "$around" "$own"
mount --rbind "$around/temporary" "$(dirname "$around")"
for each in /tmp /var/tmp /dev/shm; do
  [ "$each" = "$(dirname "$around")" ] || mount -t tmpfs -o mode=1777 thief "$each"
done
cd "$directory"
set +e`;

const reversed = (text: string): string => [...text].reverse().join('');

/** A thief that knows of nothing. */
const nothing = {
  secretFiles: [],
  places: [],
  above: [],
  unwritable: [],
  processes: [],
  victims: [],
  sockets: [],
  openCode: 'http://127.0.0.1:1',
  edge: 'http://127.0.0.1:1',
  debuggers: [],
  host: 'nobody',
  claims: {},
  setUid: [],
  cgroups: [],
  sleeps: {},
  machine: readlinkSync('/proc/self/ns/pid'),
};
