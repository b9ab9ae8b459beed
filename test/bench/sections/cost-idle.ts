// What it costs that dashboards are open while nothing happens.
import { setTimeout as pause } from 'node:timers/promises';
import { record } from '../arrivals.ts';
import { atMost, type Report } from '../figures.ts';
import { measured, pingsIn, readMeter, settleMs } from '../meter-reading.ts';
import { bill } from '../prices.ts';
import type { RunningSystem } from '../running-system.ts';

const dashboards = 10;
/** A server is called quiet a minute after its last work (worker/host/transaction.ts). */
const quietAfterMs = 65_000;

export const idle = async (system: RunningSystem, seconds: number, report: Report): Promise<void> => {
  const viewers = await Promise.all(
    Array.from({ length: dashboards }, () => record(`${system.url}/api/control/stream?format=delta`, system.headers)),
  );
  // Until its last alarm has called the server quiet, an object is not idle.
  await pause(quietAfterMs);
  const { counts, minutes, cpuMs } = await measured(system, () => pause(seconds * 1000));
  const { total } = bill(counts, pingsIn(minutes, dashboards), cpuMs);
  report({
    name: `idle, ${dashboards} delta dashboards: object time billed`,
    value: counts.activeMs,
    unit: 'ms',
    baseline: { name: 'ms when pinned', value: seconds * 1000 },
    aim: atMost(counts.activeMs, 0, 'ms'),
    note: `frames ${counts.frames}, calls ${Object.keys(counts.calls).join(' ') || 'none'}`,
  });
  report({
    name: `idle, ${dashboards} delta dashboards: dollars per hour`,
    value: (total / minutes) * 60,
    unit: '$',
    baseline: { name: '$ for one pinned object', value: 3600 * 0.128 * 12.5e-6 },
    aim: null,
  });
  // An object that has been idle for 10 s is evicted, and the measured time was longer.
  await system.person.say('STAMPS 3 DELAY 10');
  await system.untilIdle();
  await pause(settleMs);
  const { constructed } = await readMeter(system);
  const alive = viewers.filter((viewer) => viewer.tokens().size > 0).length;
  report({
    name: 'idle object was evicted, and dashboards whose streams went on',
    value: constructed > 0 ? alive : 0,
    unit: 'dashboards',
    baseline: { name: 'opened', value: dashboards },
    aim: { text: `= ${dashboards}`, met: constructed > 0 && alive === dashboards },
  });
  for (const viewer of viewers) viewer.close();
};
