import { within } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { hostId } from '../../shared/ids.ts';
import { sameSecret, sha256Hex } from '../digest.ts';
import { directory } from '../directory/directory.ts';
import { findHost, type HostRow } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import { bearerOf } from '../http/bearer.ts';
import type { Context } from '../http/context.ts';
import { logError } from '../log.ts';
import { callObject } from './object.ts';

/** D1 answers within some milliseconds. One that takes longer is away, and the server's own object is asked instead. */
export const d1PatienceMs = 1_000;

/** A server that has proven who it is, and by which credential. */
export interface ProvenHost {
  id: string;
  epoch: number;
  credentialSha256: string;
}

/**
 * The server whose `Authorization: Bearer <host id>.<credential>` a request carries, or 401. Its own object knows the
 * credential too, so that a server dials while D1 is away. D1 is asked first, because a stranger's made-up id must not
 * make an object (a file each, edge §4.2).
 */
export const provenHost = async (c: Context): Promise<ProvenHost> => {
  const [, named, secret = ''] = /^([^.\s]+)\.(\S+)$/.exec(bearerOf(c) ?? '') ?? [];
  const id = hostId.safeParse(named).data;
  const credentialSha256 = sha256Hex(secret);
  if (id === undefined) throw unknownHost();
  const listed = await listedHost(c.env, id);
  if (listed === 'away') return provenByObject(c.env, id, credentialSha256);
  // An unknown host costs the same comparison as a known one.
  const isKnown = sameSecret(listed?.credentialSha256 ?? '', credentialSha256);
  if (!listed || !isKnown) throw unknownHost();
  return { id, epoch: listed.epoch, credentialSha256 };
};

const provenByObject = async (env: Env, id: string, credentialSha256: string): Promise<ProvenHost> => {
  const epoch = await callObject(env, id, (object) => object.provenEpoch(credentialSha256));
  if (epoch === 'untold') throw new AppError('unavailable', 'This server cannot be looked up now: dial again');
  if (epoch === null) throw unknownHost();
  return { id, epoch, credentialSha256 };
};

const listedHost = (env: Env, id: string): Promise<HostRow | null | 'away'> => {
  const asked = findHost(directory(env), id).catch((cause: unknown) => {
    logError('host.lookup.failed', cause, { host: id });
    return 'away' as const;
  });
  return within(env.clock, d1PatienceMs, asked, () => 'away' as const);
};

const unknownHost = () => new AppError('unauthorised', 'Unknown host or wrong credential: enrol this server again');
