/** Agents reach no port that OpenCode listens on: its password is one wall, this is the other. */
import { once } from 'node:events';
import { type Clock, wait } from '../../shared/clock.ts';
import { type Child, describeExit, runProgram, startChild } from '../process/child.ts';
import { oneByOne } from '../process/one-by-one.ts';
import { replaceFile } from '../process/replace-file.ts';
import { textOfFile } from '../process/text-file.ts';

export interface Firewall {
  /**
   * From here on agents are refused at this port of the machine itself, and at none that was closed before. Rejects
   * with why it is not so: no `nft` on this machine, or a kernel that does not let us.
   */
  close(port: number): Promise<void>;
  /** The same with the port that was closed last, by a warden of before too. */
  again(): Promise<void>;
}

export interface FirewallSpec {
  /** Of the table, which no other installation on this machine has. */
  name: string;
  /** Linux users of agents, as nft writes them: `700000-799999`. */
  users: string;
  /** A file that holds the port that was closed last. */
  remembered: string;
  clock: Clock;
}

/** Between two looks whether a rule stands: a look is a program of some milliseconds. */
const lookMs = 20;

/**
 * A table of nftables that belongs to an `nft` which runs beside us: the kernel removes it when that ends, and that
 * ends with us, however we do. So a killed warden leaves no rule behind (nft(8), `flags owner`).
 */
export const createFirewall = ({ name, users, remembered, clock }: FirewallSpec): Firewall => {
  let running: Promise<Running> | undefined;
  const inTurn = oneByOne();

  const begin = async (): Promise<Running> => {
    const child = await startChild({
      command: ['nft', '--interactive'],
      env: { PATH: process.env.PATH, HOME: '/proc', TERM: 'dumb' }, // It would keep a history in its home.
      cwd: '/',
      isTalkedTo: true,
      output: 'pipes',
      session: 'own',
      tie: { setpriv: true, pidNamespace: false }, // Without setpriv there is no warden.
    });
    child.stdout?.resume();
    child.stdin?.write(
      `add table inet ${name} { flags owner; }\n` +
        `add chain inet ${name} out { type filter hook output priority 0; policy accept; }\n`,
    );
    const failed = refused(child);
    failed.catch(() => {
      running = undefined; // The next one may do better: a person installs nftables.
      child.kill();
    });
    return { child, failed };
  };

  const closeNow = async (port: number): Promise<void> => {
    running ??= begin();
    const { child, failed } = await running;
    child.stdin?.write(
      `flush chain inet ${name} out\n` +
        `add rule inet ${name} out oifname "lo" meta skuid ${users} tcp dport ${port} reject with tcp reset\n`,
    );
    const decided = new AbortController();
    try {
      await Promise.race([failed, stands(`tcp dport ${port} reject`, decided.signal)]);
    } finally {
      decided.abort();
    }
  };

  /** What that nft prints comes when it ends, so another one is asked. */
  const stands = async (rule: string, over: AbortSignal): Promise<void> => {
    while (!over.aborted) {
      const command: [string, ...string[]] = ['nft', 'list', 'chain', 'inet', name, 'out'];
      const { stdout } = await runProgram({ command, env: { PATH: process.env.PATH }, output: 'kept' });
      if (stdout.includes(rule)) return;
      await wait(clock, lookMs);
    }
  };

  return {
    close: (port) =>
      inTurn(async () => {
        await replaceFile(remembered, String(port), 0o600);
        await closeNow(port);
      }),
    again: () =>
      inTurn(async () => {
        const port = Number(await textOfFile(remembered));
        if (port > 0) await closeNow(port);
      }),
  };
};

interface Running {
  child: Child;
  failed: Promise<never>;
}

/** Rejects with what nft says instead of obeying, or how it ended. */
const refused = async ({ stderr, closed }: Child): Promise<never> => {
  const text = (async (): Promise<string | null> => (stderr ? String((await once(stderr, 'data'))[0]) : null))();
  const said = await Promise.race([text, closed.then(() => null)]);
  throw new Error(`nft ${said === null ? describeExit(await closed) : `says: ${said.trim()}`}`);
};
