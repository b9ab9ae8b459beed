/** What objects do that nothing waits for (`ctx.waitUntil`), and has not ended. */
const running = new Set<Promise<unknown>>();

/** For the Worker of these tests: the same object, whose background work is known. */
export const watchBackground = (ctx: DurableObjectState): DurableObjectState => {
  const waitUntil = ctx.waitUntil.bind(ctx);
  const watched = (work: Promise<unknown>): void => {
    const ended: Promise<unknown> = work.catch(() => undefined).finally(() => running.delete(ended));
    running.add(ended);
    waitUntil(work);
  };
  Object.defineProperty(ctx, 'waitUntil', { value: watched, configurable: true });
  return ctx;
};

/** Resolves when nothing that was begun in the background goes on. */
export const backgroundEnded = async (): Promise<void> => {
  while (running.size > 0) await Promise.all(running);
};
