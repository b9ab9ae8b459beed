import { eventMs } from '../../support/patience.ts';
/** Lets a test wait until what an app shows is as expected, looked at whenever something has changed. */
export const changes = () => {
  const looking = new Set<() => void>();
  return {
    changed: (): void => {
      for (const look of looking) look();
    },
    /**
     * Resolves with the first value that is not undefined, null or false; rejects with `what` and what is there
     * instead.
     */
    until: <T>(what: string, read: () => T | undefined | null | false, shown: () => unknown): Promise<T> =>
      new Promise((resolve, reject) => {
        const end = (): void => {
          looking.delete(look);
          clearTimeout(timer);
        };
        const look = (): void => {
          const value = read();
          if (value === undefined || value === null || value === false) return;
          end();
          resolve(value);
        };
        const timer = setTimeout(() => {
          end();
          reject(new Error(`never shown: ${what}; shown is ${JSON.stringify(shown(), null, 1)}`));
        }, eventMs);
        looking.add(look);
        look();
      }),
  };
};
