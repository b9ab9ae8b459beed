import { putMeta, getMeta as readMeta } from '../versioned.ts';
import { remembered } from './remembered.ts';

const values = remembered<string | null>('meta');

/** A value of the object's own; null where there is none. */
export const getMeta = (sql: SqlStorage, key: string): string | null => values.get(sql, key, () => readMeta(sql, key));

/** Writes only a value that differs: an unchanged one would be a billed row. */
export const setMeta = (sql: SqlStorage, key: string, value: string): void => {
  if (getMeta(sql, key) !== value) putMeta(sql, key, value);
};
