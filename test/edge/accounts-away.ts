import { onTestFinished } from 'vitest';

let areAway = false;

/** Accounts as the `Host` objects of these tests see them: the real ones, until a test makes them unreachable. */
export const accountsSeen = (real: DurableObjectNamespace): DurableObjectNamespace =>
  new Proxy(real, {
    get: (target, name) => {
      if (areAway) throw new Error('accounts are away');
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** Accounts can't be reached, until the test is done or calls what is returned. */
export const accountsAreAway = (): (() => void) => {
  areAway = true;
  const back = (): void => {
    areAway = false;
  };
  onTestFinished(back);
  return back;
};
