// A server's object with years of work of many users in it, every row of which is counted as it is read.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { benchBundle } from '../bench/bundle.ts';
import { databaseBelow, type Fill, fillStore } from '../bench/filled-store.ts';
import { readMeter } from '../bench/meter-reading.ts';
import type { Metered } from '../bench/metered.ts';
import { startSystem } from '../bench/system.ts';
import { goodHost } from '../fuzz/witness.ts';

/** What one thing has cost. */
export interface Cost {
  /** Rows of objects that were read, and of D1. */
  rows: number;
  d1Rows: number;
  /** Rows of objects that were written. */
  written: number;
}

/** Nothing was read for so long: what was owed is settled, since what lists show waits for less. */
const stillMs = 500;

const costOf = ({ rowsRead, d1RowsRead, rowsWritten }: Metered): Cost => ({
  rows: rowsRead,
  d1Rows: d1RowsRead,
  written: Object.values(rowsWritten).reduce((sum, count) => sum + count, 0),
});
const sumOf = (one: Cost, other: Cost): Cost => ({
  rows: one.rows + other.rows,
  d1Rows: one.d1Rows + other.d1Rows,
  written: one.written + other.written,
});

export type MeteredStore = Awaited<ReturnType<typeof startMeteredStore>>;

/** Starts an edge, makes `before` of it, fills it, and leaves it stopped. */
export const startMeteredStore = async (fill: Fill) => {
  const bundle = await benchBundle('with-meter');
  const system = await startSystem({ workerDir: bundle.dir });
  const server = await system.enrol();
  const connect = () => goodHost(system, server);
  // What is written below is written beside what the programs themselves have made: one mission.
  const host = await connect();
  const body = { title: 'Made before', workspace_id: server.workspaceId };
  await system.person.call('POST', '/api/control/missions', body);
  host.dial.leave();
  await host.dial.ended();

  const read = async (): Promise<Cost> => costOf(await readMeter(system));
  const files = () => ({
    object: databaseBelow(join(system.edgeState, 'open-agent-Host')),
    directory: databaseBelow(join(system.edgeState, 'd1')),
  });
  const start = async (): Promise<void> => {
    await system.edge.start();
    await fetch(`${system.url}/bench/selections`);
  };
  /** Resolves with what was read until nothing was read any more. */
  const settled = async (): Promise<Cost> => {
    let all = await read();
    for (;;) {
      await wait(stillMs);
      const now = await read();
      if (now.rows + now.d1Rows + now.written === 0) return all;
      all = sumOf(all, now);
    }
  };

  await settled();
  await system.edge.stop();
  fillStore(system.edgeState, server.id, fill);

  return {
    person: system.person,
    connect,
    server,
    start,
    stop: system.edge.stop,
    settled,
    /** What `work` costs, beside what it leaves to be done later. */
    costOf: async (work: () => Promise<unknown>): Promise<Cost> => {
      await settled();
      await work();
      return read();
    },
    /** Reads or changes one of the databases; the edge has to be stopped. */
    within: <T>(which: 'object' | 'directory', work: (database: DatabaseSync) => T): T => {
      const database = new DatabaseSync(files()[which]);
      try {
        return work(database);
      } finally {
        database.close();
      }
    },
    close: async (): Promise<void> => {
      await system.close();
      bundle.remove();
    },
  };
};
