/**
 * Counts what Cloudflare bills, from inside the isolate that the Worker and its objects share. Storage and D1 are
 * wrapped where the platform hands them out; the program under measure does not know.
 */

import type { Metered } from '../metered.ts';

const empty = (): Metered => ({
  requests: {},
  calls: {},
  frames: 0,
  rowsWritten: {},
  rowsRead: 0,
  d1Queries: 0,
  d1RowsWritten: 0,
  d1RowsRead: 0,
  activeMs: 0,
  constructed: 0,
});

let counts = empty();
let running = 0;
let activeSince = 0;

const add = (where: Record<string, number>, name: string, much = 1): void => {
  where[name] = (where[name] ?? 0) + much;
};

/** What was counted since the last reading. */
export const readMeter = (): Metered => {
  const read = counts;
  counts = empty();
  return read;
};

export const countRequest = (path: string): void => add(counts.requests, path.replace(/[0-9a-f-]{36}/g, ':id'));
export const countCall = (name: string): void => add(counts.calls, name);
export const countFrame = (): void => {
  counts.frames += 1;
};
export const countConstruction = (): void => {
  counts.constructed += 1;
};

/** Counts the time until `work` is settled; several at once are one active object. */
export const active = <T>(work: () => T): T => {
  if (running++ === 0) activeSince = performance.now();
  const end = (): void => {
    if (--running === 0) counts.activeMs += performance.now() - activeSince;
  };
  let result: T;
  try {
    result = work();
  } catch (cause) {
    end();
    throw cause;
  }
  if (result instanceof Promise) result.then(end, end);
  else end();
  return result;
};

const tableOf = (query: string): string => /(?:INTO|UPDATE|FROM)\s+"?(\w+)/i.exec(query)?.[1] ?? 'other';
let isWrapped = false;

/** Wraps the SQL of all objects, once. */
export const meterSql = (sql: SqlStorage): void => {
  if (isWrapped) return;
  isWrapped = true;
  const storage = Object.getPrototypeOf(sql);
  const exec: SqlStorage['exec'] = storage.exec;
  storage.exec = function (this: SqlStorage, query: string, ...bindings: unknown[]) {
    const cursor = exec.call(this, query, ...bindings);
    if (cursor.rowsWritten > 0) add(counts.rowsWritten, tableOf(query), cursor.rowsWritten);
    return cursor;
  };
  const cursors = Object.getPrototypeOf(sql.exec('SELECT 1'));
  for (const name of ['toArray', 'one'] as const) {
    const read = cursors[name];
    cursors[name] = function (this: { rowsRead: number }) {
      const rows = read.call(this);
      counts.rowsRead += this.rowsRead;
      return rows;
    };
  }
  const iterate = cursors[Symbol.iterator];
  cursors[Symbol.iterator] = function* (this: { rowsRead: number }) {
    try {
      yield* { [Symbol.iterator]: () => iterate.call(this) };
    } finally {
      // Also of what was not read to its end.
      counts.rowsRead += this.rowsRead;
    }
  };
};

/** An alarm that is set is a row written. */
export const countAlarm = (): void => add(counts.rowsWritten, 'alarm');

const countQuery = (meta: { rows_read?: number; rows_written?: number } | undefined): void => {
  counts.d1Queries += 1;
  counts.d1RowsRead += meta?.rows_read ?? 1;
  counts.d1RowsWritten += meta?.rows_written ?? 0;
};

/** Selections are asked twice from here on: what they read is counted, and no longer what they cost. */
let areSelectionsCounted = false;
export const countSelections = (): void => {
  areSelectionsCounted = true;
};

/**
 * D1 with every statement counted. `first` and `raw` bring no figures with them: they read, and count as one row,
 * unless selections are counted.
 */
export const meterD1 = (db: D1Database): D1Database => {
  const inner = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement, isSelection: boolean): D1PreparedStatement => {
    const wrapped = new Proxy(statement, {
      get: (_, name) => {
        if (name === 'bind') return (...values: unknown[]) => wrap(statement.bind(...values), isSelection);
        if (name === 'first' || name === 'raw')
          return async (...options: unknown[]) => {
            countQuery(areSelectionsCounted && isSelection ? (await statement.all()).meta : undefined);
            return Reflect.apply(statement[name], statement, options);
          };
        if (name === 'run' || name === 'all')
          return async () => {
            const result = await statement[name]();
            countQuery(result.meta);
            return result;
          };
        return Reflect.get(statement, name);
      },
    });
    inner.set(wrapped, statement);
    return wrapped;
  };
  return new Proxy(db, {
    get: (_, name) => {
      if (name === 'prepare') return (query: string) => wrap(db.prepare(query), /^\s*select\b/i.test(query));
      if (name === 'batch')
        return async (statements: D1PreparedStatement[]) => {
          const results = await db.batch(statements.map((each) => inner.get(each) ?? each));
          for (const { meta } of results) countQuery(meta);
          return results;
        };
      return Reflect.get(db, name);
    },
  });
};
