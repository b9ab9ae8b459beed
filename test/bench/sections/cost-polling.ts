// What the existing dashboards cost by asking again and again.
import type { Report } from '../figures.ts';
import { measured } from '../meter-reading.ts';
import { bill } from '../prices.ts';
import type { RunningSystem } from '../running-system.ts';

/** Asked so often to be scaled. */
const polls = 20;

/** What the existing apps ask, each this many seconds (contract §3). */
const pages = {
  'overview page': { 'missions/current': 10, health: 5, stats: 3, missions: 5 },
  'control page': { 'missions/current': 10, running: 3, missions: 10 },
};
const pathOf = (name: string): string =>
  name === 'health' || name === 'stats' ? `/api/${name}` : `/api/control/${name}`;

/** The polling of the existing dashboards while nothing runs, counted apart. */
export const polling = async (system: RunningSystem, report: Report): Promise<void> => {
  for (const [page, asked] of Object.entries(pages)) {
    let dollars = 0;
    const notes: string[] = [];
    for (const [name, everyS] of Object.entries(asked)) {
      const { counts, cpuMs } = await measured(system, async () => {
        for (let index = 0; index < polls; index++) await system.person.call('GET', pathOf(name));
      });
      const each = bill(counts, { count: 0 }, cpuMs).total / polls;
      dollars += each * (3600 / everyS);
      notes.push(
        `${name} ${(counts.d1Queries / polls).toFixed(1)} D1 queries ${(Object.values(counts.calls).reduce((a, b) => a + b, 0) / polls).toFixed(1)} calls`,
      );
    }
    report({
      name: `existing ${page} left open: dollars per hour`,
      value: dollars,
      unit: '$',
      baseline: {
        name: '$ for its requests alone',
        value: Object.values(asked).reduce((sum, s) => sum + 3600 / s, 0) * 0.3e-6,
      },
      aim: null,
      note: notes.join('; '),
    });
  }
};
