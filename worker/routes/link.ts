import { AppError } from '../../shared/errors.ts';
import { serverRoutes } from '../../shared/routes/servers.ts';
import { directory } from '../directory/directory.ts';
import { findHost } from '../directory/hosts.ts';
import { hostObject } from '../hosts/object.ts';
import { provenHost } from '../hosts/proven.ts';
import { on, type Served } from '../http/on.ts';

/**
 * What a server asks its edge. `GET /api/host/link`: hands a host-agent's socket to its own object. The object is
 * chosen by the credential, never by anything the host says; the request is made anew, so that no header from outside
 * reaches the object.
 */
export const link: Served[] = [
  on(serverRoutes.state, async ({ c }) => {
    const { id } = await provenHost(c);
    return { log_full: (await findHost(directory(c.env), id))?.full ?? 0 };
  }),
  on(serverRoutes.link, async ({ c }) => {
    if (c.req.header('Upgrade')?.toLowerCase() !== 'websocket') {
      throw new AppError('bad_request', 'This is the link of host-agents: dial it as a WebSocket');
    }
    const host = await provenHost(c);
    const headers = {
      Upgrade: 'websocket',
      'x-openagent-epoch': String(host.epoch),
      'x-openagent-credential-sha256': host.credentialSha256,
    };
    return hostObject(c.env, host.id).fetch('http://host/link', { headers });
  }),
];
