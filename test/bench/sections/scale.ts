// What more missions cost: in delay at the same number of events, and in memory.
import { setTimeout as pause } from 'node:timers/promises';
import { atMost, atMostTimes, type Report } from '../figures.ts';
import { residentMbOf, treeMbOf } from '../process-figures.ts';
import { type RunningSystem, startRunningSystem } from '../running-system.ts';
import { streamRound } from '../streamed.ts';

/** Over all missions together. */
const tokensPerSecond = 200;
/** With many missions, as many turns begin and end at once: that isn't the same rate, and not counted. */
const uncountedSeconds = 2;
/** Between two samples, until memory that is free was given back. */
const settleMs = 5_000;

const memoryOf = (system: RunningSystem) => ({
  'host-agent': residentMbOf(system.agent.pid()),
  workerd: residentMbOf(system.edge.pid()),
});

export const scale = async (report: Report, quick: boolean): Promise<void> => {
  const many = quick ? 40 : 200;
  const seconds = quick ? 6 : 20;
  const system = await startRunningSystem();
  try {
    await pause(settleMs);
    const begun = memoryOf(system);
    report({
      name: 'idle memory of host-agent and workerd together',
      value: begun['host-agent'] + begun.workerd,
      unit: 'MB',
      baseline: { name: 'MB OpenCode', value: treeMbOf(system.openCode.pid()) },
      aim: atMost(begun['host-agent'] + begun.workerd, 200, 'MB'),
      note: `host-agent ${Math.round(begun['host-agent'])}, workerd ${Math.round(begun.workerd)}`,
    });
    await streamRound(system, { missions: 1, tokensPerSecond: 50, seconds: 2 });
    const alone = { missions: 1, tokensPerSecond, seconds, uncountedSeconds };
    const first = await streamRound(system, alone);
    await pause(settleMs);
    const before = memoryOf(system);
    let live = before;
    const spread = { missions: many, tokensPerSecond: tokensPerSecond / many, seconds, uncountedSeconds };
    const all = await streamRound(system, spread, () => {
      live = memoryOf(system);
    });
    await pause(settleMs);
    const after = memoryOf(system);
    // Before and after: the machine is not ours alone.
    const second = await streamRound(system, alone);
    const aloneP99 = (first.added.p99 + second.added.p99) / 2;
    report({
      name: `${many} missions, ${tokensPerSecond} tokens/s together: added p99`,
      value: all.added.p99,
      unit: 'ms',
      baseline: { name: 'ms with 1 mission', value: aloneP99 },
      aim: atMostTimes(all.added.p99, aloneP99, 1.3),
      note: `p50 ${first.added.p50.toFixed(1)} → ${all.added.p50.toFixed(1)} ms; OpenCode's own p99 ${first.openCode.p99.toFixed(0)} and ${second.openCode.p99.toFixed(0)} → ${all.openCode.p99.toFixed(0)} ms`,
    });
    for (const part of ['host-agent', 'workerd'] as const) {
      for (const [state, memory] of Object.entries({ live, idle: after })) {
        report({
          name: `memory of ${part} per ${state} mission`,
          value: ((memory[part] - before[part]) / many) * 1024,
          unit: 'kB',
          baseline: { name: 'kB before, in all', value: before[part] * 1024 },
          aim: null,
        });
      }
    }
  } finally {
    await system.close();
  }
};
