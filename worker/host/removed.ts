import { getMeta, setMeta } from './tables.ts';

/** Whether this server was removed: its missions are kept to be read, and nothing new can begin. */
export const isRemoved = (sql: SqlStorage): boolean => getMeta(sql, 'removed') === '1';

export const setRemoved = (sql: SqlStorage, removed: boolean): void => setMeta(sql, 'removed', removed ? '1' : '0');

export const removedText =
  "This mission's server was removed from Open Agent. Its history stays; start a new mission on another server.";
