import type { ModelRequest } from './model-request.ts';
import { eventMs } from './patience.ts';

type Waiter = { matches: (request: ModelRequest) => boolean; resolve: (request: ModelRequest) => void };

/** Lets tests await a state of the model's record instead of polling it. */
export function openWatch(requests: ModelRequest[]) {
  const waiters = new Set<Waiter>();
  const changed = (): void => {
    for (const waiter of waiters) {
      const found = requests.find(waiter.matches);
      if (found !== undefined) waiter.resolve(found);
    }
  };
  const timers = new Set<NodeJS.Timeout>();
  return {
    changed,
    /** The first request that satisfies `matches`, now or later; rejects after `withinMs` with the record so far. */
    async until(matches: (request: ModelRequest) => boolean, withinMs = eventMs): Promise<ModelRequest> {
      const { promise, resolve, reject } = Promise.withResolvers<ModelRequest>();
      const waiter = { matches, resolve };
      waiters.add(waiter);
      const timer = setTimeout(() => {
        reject(
          new Error(`the model saw no such request within ${withinMs} ms; its record: ${JSON.stringify(requests)}`),
        );
      }, withinMs);
      timers.add(timer);
      changed();
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        timers.delete(timer);
        waiters.delete(waiter);
      }
    },
    close(): void {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
