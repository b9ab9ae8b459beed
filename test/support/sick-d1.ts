// D1 as it may be: the real one behind it, and what it does with what it is asked is the test's choice. It is given to
// the objects and the Worker in place of their binding, in workerd and (bundled) in a laboratory.
import * as z from 'zod';
import { type Clock, systemClock, wait } from '../../shared/clock.ts';

/**
 * - `fails`: nothing is done, and the asker is told so.
 * - `forgets`: it is done, and the asker is told that it failed.
 * - `hangs`: nothing is done, and nobody is told anything until it is well again; then it fails.
 * - `slow`: done after so many milliseconds.
 */
export const d1Illness = z.union([
  z.enum(['well', 'fails', 'forgets', 'hangs']),
  z.object({ slowMs: z.number().int().min(0) }),
]);
export type D1Illness = z.infer<typeof d1Illness>;

/** Between two looks at whether it is well: workerd gives up on what waits for nothing but another request. */
const lookMs = 10;

/**
 * As much of the platform's binding as drizzle and the migrations use; its own types are not known outside of workerd.
 */
interface Statement {
  bind(...values: unknown[]): Statement;
  first(column?: string): Promise<unknown>;
  run(): Promise<unknown>;
  all(): Promise<unknown>;
  raw(options?: object): Promise<unknown>;
}
interface Database {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
  exec(sql: string): Promise<unknown>;
}

export interface SickD1 {
  /** In place of `env.DB`, which is `real`. */
  binding<D1 extends object>(real: D1): D1;
  is(illness: D1Illness): void;
  /** How often it was asked while it was not well. */
  askedInVain(): number;
  /** Statements of the largest transaction that it was asked for. */
  largestBatch(): number;
}

const refusal = (): Error => new Error('D1_ERROR: Network connection lost.');

export const sickD1 = (clock: Clock = systemClock): SickD1 => {
  let illness: D1Illness = 'well';
  let inVain = 0;
  let largest = 0;

  const ask = async <T>(query: () => Promise<T>): Promise<T> => {
    if (illness === 'well') return query();
    inVain += 1;
    if (typeof illness === 'object') {
      await wait(clock, illness.slowMs);
      return query();
    }
    if (illness === 'forgets') await query();
    while (illness === 'hangs') await wait(clock, lookMs);
    throw refusal();
  };

  const realOf = new WeakMap<Statement, Statement>();
  const statement = (real: Statement): Statement => {
    const asks: Statement = {
      bind: (...values) => statement(real.bind(...values)),
      first: (...column) => ask(() => real.first(...column)),
      run: () => ask(() => real.run()),
      all: () => ask(() => real.all()),
      raw: (...options) => ask(() => real.raw(...options)),
    };
    realOf.set(asks, real);
    return asks;
  };

  const database = (real: Database): Database => ({
    prepare: (sql) => statement(real.prepare(sql)),
    batch: (statements) => {
      largest = Math.max(largest, statements.length);
      return ask(() => real.batch(statements.map((each) => realOf.get(each) ?? each)));
    },
    exec: (sql) => ask(() => real.exec(sql)),
  });
  // What is asked is passed on as it is, and so is what the real one returns.
  const binding = <D1 extends object>(real: D1): D1 => database(real as unknown as Database) as unknown as D1;

  return {
    binding,
    is: (next) => {
      illness = next;
    },
    askedInVain: () => inVain,
    largestBatch: () => largest,
  };
};
