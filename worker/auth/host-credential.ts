import { AppError } from '../../shared/errors.ts';
import { sameSecret, sha256Hex } from '../digest.ts';
import { directory } from '../directory/directory.ts';
import { findHost, type HostRow } from '../directory/hosts.ts';
import { bearerOf } from '../http/bearer.ts';
import type { Context } from '../http/context.ts';

/** The server whose `Authorization: Bearer <host id>.<credential>` a request carries, or 401. */
export const hostOfCredential = async (c: Context): Promise<HostRow> => {
  const credential = /^([^.\s]+)\.(\S+)$/.exec(bearerOf(c) ?? '');
  const host = credential?.[1] ? await findHost(directory(c.env), credential[1]) : null;
  // An unknown host costs the same comparison as a known one.
  const known = sameSecret(host?.credentialSha256 ?? '', sha256Hex(credential?.[2] ?? ''));
  if (host && known) return host;
  throw new AppError('unauthorised', 'Unknown host or wrong credential: enrol this server again');
};
