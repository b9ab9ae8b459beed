/** A table's rows that a rule reads and writes, as SQLite counts them and Cloudflare bills them. */
import { maxObjectBytes } from '../../shared/limits.ts';
import type { HostContext } from '../../worker/host/context.ts';
import { Log } from '../../worker/host/log/log.ts';

export interface CountedRows {
  host: HostContext;
  read(): number;
  written(): number;
}

/** What rules of an object are given, over its real tables. */
export const countedRows = (storage: DurableObjectStorage, now: () => number): CountedRows => {
  let [read, written] = [0, 0];
  const exec = (query: string, ...bindings: SqlStorageValue[]) => {
    const cursor = storage.sql.exec(query, ...bindings);
    const rows = cursor.toArray();
    read += cursor.rowsRead;
    written += cursor.rowsWritten;
    return Object.assign(rows.values(), { toArray: () => rows, one: () => rows[0] });
  };
  // One cast: the platform's class can't be made here, and rules use no more of it than this.
  const sql = { exec } as unknown as SqlStorage;
  const log = new Log(sql, () => crypto.randomUUID());
  return {
    host: { storage, sql, log, now, awaySinceMs: () => null, roomBytes: maxObjectBytes },
    read: () => read,
    written: () => written,
  };
};
