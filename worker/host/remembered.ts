/**
 * What the object remembers of its tables while it is awake, so that a frame does not ask for what the one before it
 * asked for. A value is kept until one of the tables it was read from is written, by whomever, or a transaction is
 * rolled back: the tables alone are the truth, and an eviction forgets nothing that is not in them.
 */

import { undoing } from './undone.ts';

/** Of one kind so many at most; then all of it is read anew, as after an eviction. */
const mostValues = 2_000;
/** Different texts of statements; a program has some hundreds. */
const mostStatements = 5_000;

/** In place of a table's name: its rows were removed or changed, not only added to. */
export const changed = (table: string): string => `${table} changed`;

/** In place of tables' names: whatever is written. */
export const anyTable = 'any table';

/** What is written when `on` is: a table, or that its rows were removed or changed. */
interface Trigger {
  on: string;
  writes: readonly string[];
}

const triggerOf = ({ table, sql }: { table: string; sql: string }): Trigger => {
  const at = sql.indexOf('BEGIN');
  const isOfAdded = /\bINSERT\s+ON\b/i.test(sql.slice(0, at));
  return { on: isOfAdded ? table : changed(table), writes: writtenBy(sql.slice(at)) };
};

/** Of one object: what has to be forgotten when a table is written. */
class Memory {
  readonly #dependents = new Map<string, (() => unknown)[]>();
  readonly #writes = new Map<string, readonly string[]>();
  #triggers: Trigger[] | null = null;
  readonly #triggersNow: () => Trigger[];

  constructor(exec: SqlStorage['exec']) {
    this.#triggersNow = () =>
      exec<{ table: string; sql: string }>("SELECT tbl_name AS 'table', sql FROM sqlite_master WHERE type = 'trigger'")
        .toArray()
        .map(triggerOf);
  }

  dependOn(tables: readonly string[], forget: () => unknown): void {
    for (const table of tables) this.#dependents.set(table, [...(this.#dependents.get(table) ?? []), forget]);
  }

  /** A statement was executed. */
  executed(statement: string): void {
    for (const table of this.#writtenBy(statement)) {
      if (table === everything) this.forgetAll();
      for (const forget of this.#dependents.get(table) ?? []) forget();
    }
  }

  forgetAll(): void {
    // Tables and triggers may be others.
    this.#triggers = null;
    this.#writes.clear();
    for (const forgets of this.#dependents.values()) for (const forget of forgets) forget();
  }

  #writtenBy(statement: string): readonly string[] {
    const known = this.#writes.get(statement);
    if (known) return known;
    const written = new Set(writtenBy(statement));
    if (written.size > 0) this.#triggers ??= this.#triggersNow();
    // A set that grows while it is gone through: what triggers write may have triggers too.
    for (const table of written)
      for (const trigger of this.#triggers ?? [])
        if (trigger.on === table) for (const each of trigger.writes) written.add(each);
    if (written.size > 0) written.add(anyTable);
    if (this.#writes.size >= mostStatements) this.#writes.clear();
    this.#writes.set(statement, [...written]);
    return [...written];
  }
}

const everything = '*';
const writing = /\b(INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)\s+"?(\w+)/gi;

/** The tables that a statement names to write them; of one that makes or drops tables or triggers, everything. */
const writtenBy = (statement: string): string[] => {
  if (/^\s*(CREATE|DROP|ALTER)\b/i.test(statement)) return [everything];
  return [...statement.matchAll(writing)].flatMap(([, how = '', table = '']) =>
    /^INSERT\s+INTO/i.test(how) && !/\bDO\s+UPDATE\b/i.test(statement) ? [table] : [table, changed(table)],
  );
};

const memories = new WeakMap<SqlStorage, Memory>();

/** Begins to remember: from here on every statement of this object is looked at, once by its text. */
export const beginRemembering = (sql: SqlStorage): void => {
  const exec = sql.exec.bind(sql);
  const memory = new Memory(exec);
  memories.set(sql, memory);
  const watched: SqlStorage['exec'] = (statement, ...bindings) => {
    try {
      return exec(statement, ...bindings);
    } finally {
      memory.executed(statement);
    }
  };
  // On the platform's own object, so that no write passes it by.
  Object.defineProperty(sql, 'exec', { value: watched, configurable: true });
};

/**
 * A transaction: all that `work` writes, or nothing, and then nothing of what it read is remembered. Throws its error.
 */
export const atomically = <T>(storage: DurableObjectStorage, work: () => T): T =>
  undoing(storage.sql, () => {
    try {
      return storage.transactionSync(work);
    } catch (cause) {
      memories.get(storage.sql)?.forgetAll();
      throw cause;
    }
  });

/**
 * One kind of value that is read from these tables, each by a key. Where nothing is remembered it is read each time.
 */
export const remembered = <T>(...tables: readonly string[]) => {
  const bySql = new WeakMap<SqlStorage, Map<string, T>>();
  let isOurs = false;
  const valuesOf = (sql: SqlStorage): Map<string, T> | null => {
    const known = bySql.get(sql);
    if (known) return known;
    const memory = memories.get(sql);
    if (!memory) return null;
    const values = new Map<string, T>();
    memory.dependOn(tables, () => isOurs || values.clear());
    bySql.set(sql, values);
    return values;
  };
  const put = (sql: SqlStorage, key: string, value: T): void => {
    const values = valuesOf(sql);
    if (values && values.size >= mostValues) values.clear();
    values?.set(key, value);
  };
  return {
    put,
    forget: (sql: SqlStorage): void => valuesOf(sql)?.clear(),
    /** Undefined: it has to be read. */
    known: (sql: SqlStorage, key: string): T | undefined => valuesOf(sql)?.get(key),
    /** Writes one of them, and nothing else of these tables: the others stay known. */
    write: (sql: SqlStorage, key: string, value: T, write: () => void): void => {
      isOurs = true;
      try {
        write();
      } finally {
        isOurs = false;
      }
      put(sql, key, value);
    },
    get: (sql: SqlStorage, key: string, read: () => T): T => {
      const known = valuesOf(sql)?.get(key);
      if (known !== undefined) return known;
      const value = read();
      put(sql, key, value);
      return value;
    },
  };
};
