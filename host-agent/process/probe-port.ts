import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Listens on `host`:`port` for a moment. Out: the port, a free one for 0. Rejects with the system's error where nothing
 * can listen there. Another program may take the port right after.
 */
export const probePort = async (host: string, port: number): Promise<number> => {
  const probe = createServer();
  probe.listen({ host, port, exclusive: true });
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return address !== null && typeof address === 'object' ? address.port : port;
};
