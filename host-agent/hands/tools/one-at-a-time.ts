/**
 * Calls of one actor that change the same file go one after the other: models call tools side by side, and two edits of
 * a file that both began with the same content would leave only one of them.
 */
const last = new Map<string, Promise<unknown>>();

/** Runs `then` once nothing else has any of `keys`; settles as it does. */
export const oneAtATime = async <T>(keys: readonly string[], then: () => Promise<T>): Promise<T> => {
  const before = keys.map((key) => last.get(key));
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const key of keys) last.set(key, promise);
  try {
    await Promise.all(before);
    return await then();
  } finally {
    resolve();
    for (const key of keys) if (last.get(key) === promise) last.delete(key);
  }
};
