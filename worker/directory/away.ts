/** What is known of a D1 that does not answer, and what is done then. */
import { type Clock, within } from '../../shared/clock.ts';

/** A D1 that works answers within some milliseconds. Whatever can do without it waits no longer than this. */
export const patienceMs = 1_000;

/** What can't do without D1 waits for it as long as people do, and then says so. */
const requestMs = 10_000;

/** D1 said that it failed, and not that it was asked something wrong. Drizzle wraps the error of a single query. */
export const isAway = (error: unknown): boolean =>
  error instanceof Error &&
  ((error.message.startsWith('D1_ERROR') && !error.message.includes('SQLITE_')) || isAway(error.cause));

/** What D1 is asked, or an error as D1 throws it where that takes longer than whoever asks can wait. */
export const soon = <T>(clock: Clock, asked: Promise<T>): Promise<T> =>
  within(clock, patienceMs, asked, (): never => {
    throw noAnswerIn(patienceMs);
  });

/**
 * A D1 whose every answer comes within the time that a request may wait, or is an error: so one that hangs holds
 * nobody. What was asked may be done nevertheless.
 */
export const bounded = (db: D1Database, clock: Clock): D1Database => wrapped(db, clock);

/** What stands behind each wrapped statement: a batch is of these. */
const real = new WeakMap<object, object>();

const wrapped = <T extends object>(target: T, clock: Clock): T => {
  const proxy = new Proxy(target, {
    get: (_proxied, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        const result: unknown = Reflect.apply(value, target, given.map(unwrapped));
        if (result instanceof Promise) return within(clock, requestMs, result, isLate);
        return typeof result === 'object' && result !== null ? wrapped(result, clock) : result;
      };
    },
  });
  real.set(proxy, target);
  return proxy;
};

const unwrapped = (given: unknown): unknown => {
  if (Array.isArray(given)) return given.map(unwrapped);
  return typeof given === 'object' && given !== null ? (real.get(given) ?? given) : given;
};

const isLate = (): never => {
  throw noAnswerIn(requestMs);
};

/** As D1's own errors are. */
const noAnswerIn = (ms: number): Error => new Error(`D1_ERROR: no answer within ${ms / 1000} s`);
