/**
 * Aborts at the first SIGINT or SIGTERM. Later ones change nothing: stopping is bounded anyway, and a Ctrl-C reaches us
 * twice, from the terminal and from bootstrap.
 */
export const stopSignal = (): AbortSignal => {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  return stopping.signal;
};
