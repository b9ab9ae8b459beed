import { ticketHeader } from '../../shared/channels/channel.ts';
import { AppError } from '../../shared/errors.ts';
import { serverRoutes } from '../../shared/routes/servers.ts';
import { sha256Hex } from '../digest.ts';
import { provenHost } from '../hosts/proven.ts';
import { on, type Served } from '../http/on.ts';
import { joinHeaders } from '../relay/port.ts';
import { relayOf } from '../relay/relay-of.ts';

/**
 * `GET /api/host/relay/:id`: hands a host-agent's socket to the object of one opened channel, which knows the secret
 * that the server was told. Like the link's, the request is made anew, so that no header from outside reaches the
 * object.
 */
export const relay: Served[] = [
  on(serverRoutes.relay, async ({ c, params: { id } }) => {
    if (c.req.header('Upgrade')?.toLowerCase() !== 'websocket') {
      throw new AppError('bad_request', 'This is where host-agents carry files: dial it as a WebSocket');
    }
    const host = await provenHost(c);
    const headers = {
      Upgrade: 'websocket',
      [joinHeaders.host]: host.id,
      [joinHeaders.secretSha256]: sha256Hex(c.req.header(ticketHeader) ?? ''),
    };
    return relayOf(c.env, host.id, id).fetch(`http://relay/${id}/join`, { headers });
  }),
];
