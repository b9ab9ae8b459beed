import { maxStreamHosts } from '../../shared/limits.ts';

/** A server that a stream could have a socket to. */
export interface Candidate {
  id: string;
  isLive: boolean;
  isJoined: boolean;
  /** It has failed again and again. */
  isFailing: boolean;
}

/**
 * Chooses the servers that a stream keeps a socket to, at most four; `servers` come in order of age. Servers with
 * something alive come first, those that fail after the others of them, and among equals those that have a socket
 * already. Quiet servers fill the rest: a socket to a sleeping object costs nothing and shows its next message at once.
 */
export const seated = (servers: readonly Candidate[]): string[] =>
  servers
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, maxStreamHosts)
    .map(({ id }) => id);

const rank = ({ isLive, isJoined, isFailing }: Candidate): number =>
  (isLive ? 0 : 4) + (isFailing ? 2 : 0) + (isJoined ? 0 : 1);
