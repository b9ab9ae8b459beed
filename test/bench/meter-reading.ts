// Reads the meter inside workerd (worker/with-meter.ts) around whatever a section does.
import { heartbeatMs, pingMs } from '../../shared/limits.ts';
import { type Metered, metered } from './metered.ts';
import type { Pings } from './prices.ts';
import { cpuMsOf } from './process-figures.ts';
import type { System } from './system.ts';

type MeteredSystem = Pick<System, 'url' | 'edge'>;

/** Everything that was under way is stored, and its alarms are set. */
export const settleMs = 3_000;

/** What was counted since the last reading. */
export const readMeter = async ({ url }: MeteredSystem): Promise<Metered> =>
  metered.parse(await (await fetch(`${url}/bench/meter`)).json());

/** What was counted while `during` ran, with workerd's CPU time. */
export const measured = async (system: MeteredSystem, during: () => Promise<unknown>) => {
  await readMeter(system);
  const [begun, cpu] = [performance.now(), cpuMsOf(system.edge.pid())];
  await during();
  const cpuMs = cpuMsOf(system.edge.pid()) - cpu;
  return { counts: await readMeter(system), minutes: (performance.now() - begun) / 60_000, cpuMs };
};

/** Pings of one host and of viewers in this time. */
export const pingsIn = (minutes: number, viewers: number): Pings => ({
  count: minutes * (60_000 / pingMs + viewers * (60_000 / heartbeatMs)),
});
