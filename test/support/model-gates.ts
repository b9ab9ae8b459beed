import { once } from 'node:events';

type Gate = { reached: PromiseWithResolvers<void>; released: PromiseWithResolvers<void> };

/** Named gates at which the model's stream stops until the test opens them, so that no test needs a clock. */
export function openGates() {
  const gates = new Map<string, Gate>();
  const gate = (name: string): Gate => {
    const known = gates.get(name) ?? {
      reached: Promise.withResolvers<void>(),
      released: Promise.withResolvers<void>(),
    };
    gates.set(name, known);
    return known;
  };
  return {
    /** Resolves when a stream stands (or stood) at the gate. */
    reached: (name: string): Promise<void> => gate(name).reached.promise,
    /** Lets every stream through, now and later. */
    release: (name: string): void => gate(name).released.resolve(),
    /** Waits at the gate; false when the client went away meanwhile. */
    async pass(name: string, gone: AbortSignal): Promise<boolean> {
      gate(name).reached.resolve();
      if (gone.aborted) return false;
      await Promise.race([gate(name).released.promise, once(gone, 'abort')]);
      return !gone.aborted;
    },
  };
}
