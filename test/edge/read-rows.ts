import { runInDurableObject } from 'cloudflare:test';
import type { Host } from '../../worker/host/object.ts';

/** What an object has read of its tables: rows, and the text in them, in UTF-16 units. */
export interface Read {
  rows: number;
  chars: number;
}

/** Counts what an object takes of its tables from here on, until it is evicted. */
export const countReads = async (stub: DurableObjectStub<Host>): Promise<{ take(): Read }> => {
  let read: Read = { rows: 0, chars: 0 };
  const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0);
  function* counted<T extends Record<string, SqlStorageValue>>(cursor: SqlStorageCursor<T>): Generator<T> {
    try {
      for (const row of cursor) {
        read.chars += Object.values(row).reduce<number>((sum, value) => sum + lengthOf(value), 0);
        yield row;
      }
    } finally {
      // Also of one that the object stopped reading.
      read.rows += cursor.rowsRead;
    }
  }
  await runInDurableObject(stub, (_instance, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql);
    const counting = (query: string, ...bindings: unknown[]): unknown => {
      const cursor = exec(query, ...bindings);
      if (!/^\s*(SELECT|WITH)\b/.test(query)) return cursor;
      const rows = counted(cursor);
      return {
        [Symbol.iterator]: () => rows,
        next: () => rows.next(),
        toArray: () => [...rows],
        one: () => {
          const all = [...rows];
          if (all.length !== 1) throw new Error(`one row was expected, there are ${all.length}`);
          return all[0];
        },
      };
    };
    Object.defineProperty(sql, 'exec', { value: counting, configurable: true });
  });
  return {
    take: () => {
      const taken = read;
      read = { rows: 0, chars: 0 };
      return taken;
    },
  };
};
