import { AppError } from '../../shared/errors.ts';
import { sameSecret, sha256Hex } from '../digest.ts';
import { directory } from '../directory/directory.ts';
import { findHost } from '../directory/hosts.ts';
import { hostObject } from '../host-calls.ts';
import { routes } from '../http/context.ts';

/**
 * `GET /api/host/link`: hands a host-agent's socket to its own object. The object is chosen by the credential, never by
 * anything the host says; the request is made anew, so that no header from outside reaches the object.
 */
export const link = routes().get('/', async (c) => {
  if (c.req.header('Upgrade')?.toLowerCase() !== 'websocket') {
    throw new AppError('bad_request', 'This is the link of host-agents: dial it as a WebSocket');
  }
  const credential = /^Bearer ([^.\s]+)\.(\S+)$/i.exec(c.req.header('Authorization') ?? '');
  const host = credential?.[1] ? await findHost(directory(c.env), credential[1]) : null;
  // An unknown host costs the same comparison as a known one.
  const known = sameSecret(host?.credentialSha256 ?? '', sha256Hex(credential?.[2] ?? ''));
  if (!host || !known) {
    throw new AppError('unauthorised', 'Unknown host or wrong credential: enrol this server again');
  }
  const headers = { Upgrade: 'websocket', 'x-openagent-epoch': String(host.epoch) };
  return hostObject(c.env, host.id).fetch('http://host/link', { headers });
});
