/**
 * Runs several endless tasks at once, until `signal` aborts or one of them fails; then all are told to stop and waited
 * for. Throws the first failure.
 */
export const together = async (
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> => {
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  const guarded = tasks.map(async (task) => {
    try {
      await task(either);
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(guarded);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failure.signal.reason;
};
