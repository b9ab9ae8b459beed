// Counts what D1 is asked: each question is a way to the database and back, whatever the number of its statements.

const asking = new Set<PropertyKey>(['all', 'raw', 'first', 'run', 'batch', 'exec']);

/** A D1 that calls `onQuestion` with each, and does what `db` does. */
export const withQuestionsSeen = (db: D1Database, onQuestion: () => void): D1Database => {
  /** What stands behind each statement: a batch is of these. */
  const real = new WeakMap<object, object>();
  const behind = (given: unknown): unknown =>
    Array.isArray(given) ? given.map((each) => real.get(each) ?? each) : given;
  const seen = <T extends object>(target: T): T => {
    const proxy = new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => {
          if (asking.has(name)) onQuestion();
          const result: unknown = Reflect.apply(value, target, given.map(behind));
          return name === 'prepare' || name === 'bind' ? seen(Object(result)) : result;
        };
      },
    });
    real.set(proxy, target);
    return proxy;
  };
  return seen(db);
};
