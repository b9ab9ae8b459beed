import { ignoresHangup } from './bootstrap/hangup.mjs';

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP (a terminal or session that ends; under nohup or systemd it is
 * ignored). Later ones change nothing: stopping is bounded anyway, and a signal to a whole group may reach us twice,
 * directly and from bootstrap, where that is a process of its own.
 */
export const stopSignal = (): AbortSignal => {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  process.on('SIGHUP', ignoresHangup() ? () => undefined : () => stopping.abort());
  return stopping.signal;
};
