// What missions cost while they stream.
import { setTimeout as pause } from 'node:timers/promises';
import { record } from '../arrivals.ts';
import { atMost, type Report } from '../figures.ts';
import { measured, pingsIn, settleMs } from '../meter-reading.ts';
import { bill, objectRequests, rowsWritten } from '../prices.ts';
import type { RunningSystem } from '../running-system.ts';

const tokensPerSecond = 50;
/** A step of a mission: so much text, then a tool call. */
const stepSeconds = 10;

const stamps = (seconds: number): string => `STAMPS ${tokensPerSecond * seconds} DELAY ${1000 / tokensPerSecond}`;

/** A text without an end, and text with a tool call after every step. */
const scripts = {
  'text alone': stamps,
  'six tool calls a minute': (seconds: number): string => {
    const step = `${stamps(stepSeconds)}\nTOOL bash {"command":"true","description":"nothing"}`;
    return Array.from({ length: seconds / stepSeconds }, () => step).join('\n');
  },
};
type Kind = keyof typeof scripts;

const byTable = (rows: Record<string, number>, minutes: number): string =>
  Object.entries(rows)
    .sort(([, a], [, b]) => b - a)
    .map(([table, count]) => `${table} ${(count / minutes).toFixed(1)}`)
    .join(', ');

const inCents = (lines: Record<string, number>, hours: number): string =>
  Object.entries(lines)
    .map(([what, dollars]) => `${what} ${((dollars / hours) * 100).toFixed(3)}`)
    .join(', ');

interface Load {
  missions: number;
  kind: Kind;
  seconds: number;
}

export const streaming = async (
  system: RunningSystem,
  { missions, kind, seconds }: Load,
  report: Report,
): Promise<void> => {
  const viewers = await Promise.all(
    ['', '?format=delta'].map((query) => record(`${system.url}/api/control/stream${query}`, system.headers)),
  );
  const poised = await system.poised(missions, () => scripts[kind](seconds));
  const { counts, minutes, cpuMs } = await measured(system, async () => {
    poised.begin();
    await pause(seconds * 1000 + settleMs);
  });
  await system.untilIdle();
  for (const viewer of viewers) viewer.close();
  const pings = pingsIn(minutes, viewers.length);
  const { lines, total } = bill(counts, pings, cpuMs);
  const rows = rowsWritten(counts);
  const name = `${missions} streaming, ${kind}`;
  report({
    name: `${name}: object rows written per minute and mission`,
    value: rows / minutes / missions,
    unit: 'rows',
    baseline: { name: 'rows, one per token', value: tokensPerSecond * 60 },
    aim: atMost(rows / minutes / missions, 200, 'rows'),
    note: byTable(counts.rowsWritten, minutes * missions),
  });
  report({
    name: `${name}: billed object requests per minute`,
    value: objectRequests(counts, pings) / minutes,
    unit: 'requests',
    baseline: { name: 'requests, one frame per token', value: (tokensPerSecond * missions * 60) / 20 },
    aim: atMost(objectRequests(counts, pings) / minutes, 130, 'requests'),
    note: `${Math.round(counts.frames / minutes)} frames, scaled from ${seconds} s`,
  });
  report({
    name: `${name}: dollars per mission-hour`,
    value: (total / minutes / missions) * 60,
    unit: '$',
    baseline: { name: '$, one row per token', value: (tokensPerSecond * 3600) / 1e6 },
    aim: atMost((total / minutes / missions) * 60, 0.02, '$'),
    note: `cents an hour: ${inCents(lines, (minutes * missions) / 60)}`,
  });
  report({
    name: `${name}: share of the time that the object is billed`,
    value: counts.activeMs / minutes / 600,
    unit: '%',
    baseline: { name: '% when pinned', value: 100 },
    aim: null,
    note: `${Math.round(counts.d1Queries / minutes)} D1 queries and ${Math.round(counts.d1RowsWritten / minutes)} D1 rows per minute`,
  });
};
