import { maxStreamHosts } from '../../shared/limits.ts';

/** A server that a stream could have a socket to. */
export interface Candidate {
  id: string;
  isLive: boolean;
  isJoined: boolean;
}

/**
 * Which servers a stream has its sockets to, given in order of age: those where something is alive first, and among equals those
 * that it has already. Quiet ones fill what is left, because a socket to a sleeping object costs nothing and shows a message at once.
 */
export const seated = (servers: readonly Candidate[]): string[] =>
  servers
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, maxStreamHosts)
    .map(({ id }) => id);

const rank = ({ isLive, isJoined }: Candidate): number => (isLive ? 0 : 2) + (isJoined ? 0 : 1);
