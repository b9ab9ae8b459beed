// What a month's bill would be made of: units counted around real missions, scaled to an hour and to dollars.
import { benchBundle } from '../bundle.ts';
import type { Report } from '../figures.ts';
import { startRunningSystem } from '../running-system.ts';
import { idle } from './cost-idle.ts';
import { polling } from './cost-polling.ts';
import { streaming } from './cost-streaming.ts';

export const cost = async (report: Report, quick: boolean): Promise<void> => {
  const bundle = await benchBundle('with-meter');
  const system = await startRunningSystem({ workerDir: bundle.dir });
  try {
    const short = quick ? 20 : 40;
    await streaming(system, { missions: 1, kind: 'six tool calls a minute', seconds: quick ? 30 : 180 }, report);
    await streaming(system, { missions: 1, kind: 'text alone', seconds: short }, report);
    await streaming(system, { missions: 10, kind: 'six tool calls a minute', seconds: short }, report);
    await idle(system, quick ? 20 : 60, report);
    await polling(system, report);
  } finally {
    await system.close();
    bundle.remove();
  }
};
