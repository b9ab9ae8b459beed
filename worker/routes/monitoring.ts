import { serverRoutes } from '../../shared/routes/servers.ts';
import { holdSocket } from '../account/hold.ts';
import { directory } from '../directory/directory.ts';
import { listHosts } from '../directory/hosts.ts';
import { hostOfQuery } from '../hosts/chosen.ts';
import { watch } from '../hosts/monitoring.ts';
import { on, type Served } from '../http/on.ts';
import { acceptSocket, requireHandshake } from '../http/socket.ts';

/**
 * `GET /api/monitoring/ws`: real figures of the default server, or of `?host=` (contract §7.3). `interval_ms` is
 * ignored.
 */
export const monitoring: Served[] = [
  on(serverRoutes.monitoring, async ({ c, principal }) => {
    requireHandshake(c);
    const { env } = c;
    const host = await hostOfQuery(c);
    const server = async () => host?.id ?? (await listHosts(directory(env)))[0]?.id ?? null;
    return acceptSocket(c, (socket) => {
      const stop = watch(socket, { env, principal, server });
      holdSocket(env, principal, socket, stop);
    });
  }),
];
