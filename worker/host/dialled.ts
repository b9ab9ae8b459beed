import { isAdminNow, isUser } from '../auth/mode.ts';
import type { Bindings } from '../env.ts';
import { learnCredential } from './credential.ts';
import type { HostParts } from './parts.ts';

/**
 * Takes a socket: `/link` of the host, epoch checked by the Worker; `/upload` of a Worker that has an upload; `/viewer`
 * of a stream, for one owner.
 */
export const dialled = ({ host, link, uploads, viewers }: HostParts, env: Bindings, request: Request): Response => {
  const url = new URL(request.url);
  if (request.headers.get('Upgrade') !== 'websocket') return new Response('expected a WebSocket', { status: 426 });
  if (url.pathname === '/upload') return uploads.accept(url.searchParams);
  const { 0: client, 1: server } = new WebSocketPair();
  if (url.pathname === '/link') {
    const epoch = Number(request.headers.get('x-openagent-epoch'));
    const sha256 = request.headers.get('x-openagent-credential-sha256');
    if (sha256 !== null) learnCredential(host.sql, { sha256, epoch });
    link.accept(server, epoch);
  } else {
    const owner = url.searchParams.get('owner') ?? '';
    // Checked again here: a stream that dials again may come from a Worker that still has the old list of users.
    if (!isUser(env, owner)) return new Response('Invalid user', { status: 403 });
    const isAdmin = url.searchParams.get('admin') === 'yes' && isAdminNow(env, owner);
    viewers.accept(server, { owner, isAdmin }, url.searchParams);
  }
  return new Response(null, { status: 101, webSocket: client });
};
