import { runInDurableObject } from 'cloudflare:test';
import type { Host } from '../../worker/host/object.ts';

/** What an object has read of its tables: rows, and the text in them, in UTF-16 units. */
export interface Read {
  rows: number;
  chars: number;
}

/**
 * Counts what an object reads from here on, until it is evicted. Each query that only reads is run once more for that,
 * beside the object's own.
 */
export const countReads = async (stub: DurableObjectStub<Host>): Promise<{ take(): Read }> => {
  let read: Read = { rows: 0, chars: 0 };
  await runInDurableObject(stub, (_instance, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql);
    const counted: typeof exec = (query, ...bindings) => {
      if (/^\s*(SELECT|WITH)\b/.test(query)) {
        const cursor = exec(query, ...bindings);
        for (const row of cursor.raw())
          read.chars += row.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
        read.rows += cursor.rowsRead;
      }
      return exec(query, ...bindings);
    };
    Object.defineProperty(sql, 'exec', { value: counted, configurable: true });
  });
  return {
    take: () => {
      const taken = read;
      read = { rows: 0, chars: 0 };
      return taken;
    },
  };
};
