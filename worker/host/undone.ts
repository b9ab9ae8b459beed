/**
 * What the object counts in memory and not in its tables yet is to be as it was where a transaction is rolled back: the
 * tables are, and the rows of a batch that is taken again are counted again (record/ingest.ts).
 */

/** By object: how to take back what its transactions that go on have changed in memory, the last of it last. */
const journals = new WeakMap<SqlStorage, (() => void)[]>();

/** Notes how to take back a change in memory, where it is part of a transaction. */
export const undoneBy = (sql: SqlStorage, undo: () => void): void => {
  journals.get(sql)?.push(undo);
};

/** Does `work`, a transaction; where it throws, what it noted is taken back. One may be part of another. */
export const undoing = <T>(sql: SqlStorage, work: () => T): T => {
  const outer = journals.get(sql);
  const journal = outer ?? [];
  const from = journal.length;
  if (!outer) journals.set(sql, journal);
  try {
    return work();
  } catch (cause) {
    for (const undo of journal.splice(from).toReversed()) undo();
    throw cause;
  } finally {
    if (!outer) journals.delete(sql);
  }
};
