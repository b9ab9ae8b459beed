// What more missions cost: in delay at the same number of events, and in memory; and what a start takes.
import { setTimeout as pause } from 'node:timers/promises';
import { labConfig, startLab } from '../../support/lab.ts';
import { freshWorkingDir, launch } from '../../support/launched.ts';
import { atMost, atMostTimes, type Report } from '../figures.ts';
import { residentMbOf, treeMbOf } from '../process-figures.ts';
import { type RunningSystem, startRunningSystem } from '../running-system.ts';
import { streamRound } from '../streamed.ts';

/** Over all missions together. */
const tokensPerSecond = 400;
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
    const alone = { missions: 1, tokensPerSecond, seconds };
    const first = await streamRound(system, alone);
    await pause(settleMs);
    const before = memoryOf(system);
    let live = before;
    const all = await streamRound(system, { missions: many, tokensPerSecond: tokensPerSecond / many, seconds }, () => {
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
  await start(report);
};

/** From the command to "ready", with everything installed and built. */
const start = async (report: Report): Promise<void> => {
  const labBegun = performance.now();
  const lab = await startLab();
  const openCodeMs = performance.now() - labBegun;
  const directory = freshWorkingDir();
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const begun = performance.now();
    const launched = launch(directory.path, {
      DASHBOARD_PASSWORD: 'correct horse battery',
      OPENCODE_CONFIG_CONTENT: labConfig(lab.model.url),
    });
    await launched.ready();
    times.push(performance.now() - begun);
    launched.kill('SIGTERM');
    await launched.ended;
  }
  await lab.close();
  directory.remove();
  const slowest = Math.max(...times);
  report({
    name: 'start to ready once installed, slowest of three',
    value: slowest / 1000,
    unit: 's',
    baseline: { name: 's OpenCode alone', value: openCodeMs / 1000 },
    aim: atMost(slowest / 1000, 5, 's'),
  });
};
