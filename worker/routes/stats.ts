import { generalRoutes } from '../../shared/routes/general.ts';
import { directory } from '../directory/directory.ts';
import { totalsOf } from '../directory/missions.ts';
import { tellLeftOut } from '../http/left-out.ts';
import { on, type Served } from '../http/on.ts';
import { runningCount } from '../missions/running.ts';

/** `GET /api/stats`: the user's missions in numbers (contract §2.1). */
export const stats: Served[] = [
  on(generalRoutes.stats, async ({ c, user: { id: owner } }) => {
    // In this order: D1 answers one question after the other, and while it counts the servers can be asked.
    const [running, totals] = await Promise.all([runningCount(c.env, owner), totalsOf(directory(c.env), owner)]);
    tellLeftOut(c, running.leftOut);
    const counted = (status: string): number => totals.find((total) => total.status === status)?.count ?? 0;
    const completed = counted('completed');
    const failed = counted('failed');
    return {
      total_tasks: totals.reduce((sum, total) => sum + total.count, 0),
      active_tasks: running.count,
      completed_tasks: completed,
      failed_tasks: failed,
      total_cost_cents: Math.round(totals.reduce((sum, total) => sum + total.costUsd, 0) * 100),
      success_rate: completed + failed === 0 ? 1 : completed / (completed + failed),
    };
  }),
];
