import { atMost, type Report } from '../figures.ts';
import { startRunningSystem } from '../running-system.ts';
import { streamRound } from '../streamed.ts';

const tokensPerSecond = 50;
const missionCounts = [1, 20, 100];
/** The aim for added delay at this many missions, in milliseconds. */
const aimed = { missions: 20, p50: 10, p95: null, p99: 50 };

/** Per token: how much later it is at a dashboard than on OpenCode's own stream. */
export const delay = async (report: Report, quick: boolean): Promise<void> => {
  const system = await startRunningSystem();
  try {
    // A first turn warms OpenCode's and our code up; it isn't counted.
    await streamRound(system, { missions: 1, tokensPerSecond, seconds: 2 });
    for (const missions of missionCounts) {
      const seconds = quick ? 5 : 15;
      const { added, openCode, keptUp, missing } = await streamRound(system, { missions, tokensPerSecond, seconds });
      const kept = Math.round((keptUp.delivered / keptUp.offered) * 100);
      for (const p of ['p50', 'p95', 'p99'] as const) {
        const limit = aimed.missions === missions ? aimed[p] : null;
        report({
          name: `${missions} × ${tokensPerSecond} tokens/s: added ${p}`,
          value: added[p],
          unit: 'ms',
          baseline: { name: `ms model→OpenCode ${p}`, value: openCode[p] },
          aim: limit === null ? null : atMost(added[p], limit, 'ms'),
          ...(p === 'p50' ? { note: `OpenCode kept up to ${kept} % of the rate offered` } : {}),
        });
      }
      report({
        name: `${missions} × ${tokensPerSecond} tokens/s: tokens OpenCode showed and the client did not`,
        value: missing,
        unit: 'tokens',
        baseline: { name: 'shown by OpenCode', value: added.count + missing },
        aim: atMost(missing, 0, 'tokens'),
      });
    }
  } finally {
    await system.close();
  }
};
