// A Debian tree as a running machine: systemd is its PID 1, it shares our network, and we are its root.
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { eventMs } from '../support/patience.ts';

/** systemd takes a second or two; this bounds a machine that is busy with something else. */
const lookMs = 100;

/** Where the certificate authority of the network we are in is put, if it has one of its own. */
const authority = '/usr/local/share/network-ca.pem';

export interface Machine {
  /** Runs a shell line as root. Out: exit code, and stdout and stderr as one text. */
  run(line: string): Promise<{ code: number; output: string }>;
  /** The same for a line that must succeed. Out: its output. */
  must(line: string): Promise<string>;
  /** Ends it and everything in it. */
  stop(): Promise<void>;
}

/** Boots the tree at `path`; resolves when its start is over. */
export const boot = async (path: string): Promise<Machine> => {
  const given = process.env.NODE_EXTRA_CA_CERTS;
  if (given && existsSync(given)) copyFileSync(given, join(path, authority));
  const options = [
    '--boot',
    '--register=no',
    '--keep-unit',
    '--quiet',
    '--console=pipe',
    `--machine=${basename(path)}`,
  ];
  const container = execa('systemd-nspawn', [...options, `--directory=${path}`], {
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  let hasEnded = false;
  void container.then(() => {
    hasEnded = true;
  });
  const { pid } = container;
  if (pid === undefined) throw new Error('systemd-nspawn was not started');
  const run = async (line: string) => {
    const inside = ['--mount', '--uts', '--ipc', '--pid', '--root', '--wd', '/usr/bin/env', '-i', ...environment()];
    const { exitCode, all } = await execa(
      'nsenter',
      ['--target', firstProcess(pid), ...inside, '/bin/sh', '-c', line],
      {
        all: true,
        reject: false,
      },
    );
    return { code: exitCode ?? -1, output: all };
  };
  const must = async (line: string) => {
    const { code, output } = await run(line);
    if (code !== 0) throw new Error(`"${line}" ended with ${code}: ${output}`);
    return output;
  };
  const stop = async () => {
    // With its first process the kernel ends all of them; systemd-nspawn killed instead would leave it running.
    const first = tryFirstProcess(pid);
    if (first !== undefined) process.kill(first, 'SIGKILL');
    else container.kill('SIGKILL');
    await container;
  };
  const givenUpAt = performance.now() + eventMs;
  for (;;) {
    const { output } = await run('systemctl is-system-running --wait').catch(notYet);
    if (/^(running|degraded)/m.test(output)) return { run, must, stop };
    if (performance.now() > givenUpAt || hasEnded) {
      await stop();
      throw new Error(`the machine did not come up: ${output}\n${(await container).all}`);
    }
    await pause(lookMs);
  }
};

const notYet = (error: unknown) => ({ output: String(error) });

const environment = (): string[] => [
  'HOME=/root',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ...(process.env.NODE_EXTRA_CA_CERTS ? [`NODE_EXTRA_CA_CERTS=${authority}`] : []),
];

/** PID 1 of the machine, as seen from here; undefined before there is one and after it has ended. */
const tryFirstProcess = (container: number): number | undefined => {
  try {
    const first = Number(readFileSync(`/proc/${container}/task/${container}/children`, 'utf8').split(' ')[0]);
    return first > 0 ? first : undefined;
  } catch {
    return undefined; // The container is gone.
  }
};

const firstProcess = (container: number): string => {
  const first = tryFirstProcess(container);
  if (first === undefined) throw new Error('the machine has no first process');
  return String(first);
};
