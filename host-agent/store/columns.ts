import type { SQLOutputValue } from 'node:sqlite';

/** A row as SQLite hands it out; the functions below are the only way its columns get a type. */
export type Columns = Record<string, SQLOutputValue>;

export const integer = (row: Columns | undefined, column: string): number => {
  const value = row?.[column];
  if (typeof value !== 'number') throw new Error(`store: column ${column} holds no integer`);
  return value;
};

export const text = (row: Columns | undefined, column: string): string => {
  const value = row?.[column];
  if (typeof value !== 'string') throw new Error(`store: column ${column} holds no text`);
  return value;
};

export const textOrNull = (row: Columns | undefined, column: string): string | null =>
  row?.[column] === null || row === undefined ? null : text(row, column);

export const integerOrNull = (row: Columns | undefined, column: string): number | null =>
  row?.[column] === null || row === undefined ? null : integer(row, column);
