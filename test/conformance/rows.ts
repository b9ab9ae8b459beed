import { test } from 'vitest';

/** Rows of contract §16 that a test is named after. */
export const told = new Set<number>();

/** A test of one row. */
export const row = (number: number, title: string, check: () => Promise<void>): void => {
  told.add(number);
  test(`${number}. ${title}`, check);
};
