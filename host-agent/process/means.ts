import { existsSync } from 'node:fs';
import { systemClock } from '../../shared/clock.ts';
import { signalProcess, startChild } from './child.ts';
import { covered } from './covered.ts';
import { type ContainmentMeans, newNamespace } from './namespace.ts';

/** Where Debian's package puts it. */
const tiniPath = '/usr/bin/tini';
/** Each ends within milliseconds; what hangs is of no use. */
const triedMs = 5_000;

let tried: Promise<ContainmentMeans> | undefined;

/**
 * What this machine offers, tried out in some 10 ms at the first call: it stays so for as long as this process runs.
 */
export const containmentMeans = (): Promise<ContainmentMeans> => {
  tried ??= tryMeans();
  return tried;
};

const tryMeans = async (): Promise<ContainmentMeans> => {
  const [setpriv, pidNamespace] = await Promise.all([
    works(['setpriv', '--pdeathsig', 'KILL', '--', 'true']),
    works([...newNamespace, 'true']),
  ]);
  const mounts = pidNamespace && process.getuid?.() === 0 ? 'as root' : await tryMounts();
  return { setpriv, pidNamespace, ...(existsSync(tiniPath) ? { tini: tiniPath } : {}), ...(mounts ? { mounts } : {}) };
};

/** Root's PID namespace comes with a mount of its own: this is for whoever has none. */
const tryMounts = async (): Promise<ContainmentMeans['mounts']> => {
  for (const mounts of ['as root', 'in a user namespace'] as const)
    if (await works(covered(['true'], { shown: '/usr', over: '/usr' }, mounts))) return mounts;
  return undefined;
};

const works = async (command: readonly string[]): Promise<boolean> => {
  try {
    const child = await startChild({ command, env: process.env, output: 'none', session: 'ours', tie: null });
    const cancel = systemClock.after(triedMs, () => signalProcess(child.pid, 'SIGKILL'));
    const { code } = await child.exited;
    cancel();
    return code === 0;
  } catch {
    return false; // Missing or forbidden is the answer; namespace.ts puts it into words.
  }
};
