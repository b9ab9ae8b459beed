import { onTestFinished } from 'vitest';

let areAway = false;
let [told, most] = [0, 0];

/** Accounts as the `Host` objects of these tests see them: the real ones, until a test makes them unreachable. */
export const accountsSeen = (real: DurableObjectNamespace): DurableObjectNamespace =>
  new Proxy(real, {
    get: (target, name) => {
      if (areAway) throw new Error('accounts are away');
      const value: unknown = Reflect.get(target, name);
      if (name === 'getByName') return (of: string) => counted(target.getByName(of));
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** An account that counts how many are told something at once. */
const counted = (account: DurableObjectStub): DurableObjectStub =>
  new Proxy(account, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || name !== 'serverChanged') return value;
      return async (...given: unknown[]): Promise<unknown> => {
        told += 1;
        most = Math.max(most, told);
        try {
          return await value(...given);
        } finally {
          told -= 1;
        }
      };
    },
  });

/** How many accounts were told something at once, at the most, since the file began. */
export const mostToldAtOnce = (): number => most;

/** Accounts can't be reached, until the test is done or calls what is returned. */
export const accountsAreAway = (): (() => void) => {
  areAway = true;
  const back = (): void => {
    areAway = false;
  };
  onTestFinished(back);
  return back;
};
