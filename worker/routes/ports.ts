import { portCalls } from '../../shared/calls/ports.ts';
import { connectionChannel } from '../../shared/channels/connections.ts';
import { portRoutes } from '../../shared/routes/ports.ts';
import { callHost } from '../hosts/call.ts';
import { on, type Served } from '../http/on.ts';
import { requireHandshake, selectedProtocol } from '../http/socket.ts';
import { requireHost } from '../missions/create.ts';
import { openChannel } from '../relay/open.ts';
import { wanted } from './workspaces.ts';

/** What listens in a workspace, and connections to it: their bytes go by the relay alone (protocol §2 "Channels"). */
export const ports: Served[] = [
  on(portRoutes.list, async ({ c, principal, params }) => {
    const { host } = await wanted(c, params);
    return callHost(c.env, principal, requireHost(host).id, portCalls.list, {});
  }),
  on(portRoutes.connect, async ({ c, principal, params }) => {
    requireHandshake(c);
    const { host } = await wanted(c, params);
    const { id } = requireHost(host);
    const opened = await openChannel(c.env, id, connectionChannel, principal);
    await callHost(c.env, principal, id, portCalls.connect, { port: params.port, transfer: opened.ticket });
    const { webSocket } = await opened.couple('', { headers: { Upgrade: 'websocket' } });
    const protocol = selectedProtocol(c);
    const headers: Record<string, string> = protocol === null ? {} : { 'Sec-WebSocket-Protocol': protocol };
    return new Response(null, { status: 101, webSocket, headers });
  }),
];
