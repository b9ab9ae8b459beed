import type { portCalls } from '../../shared/calls/ports.ts';
import { connectionChannel } from '../../shared/channels/connections.ts';
import { AppError } from '../../shared/errors.ts';
import { maxConnectionsPerOwner } from '../../shared/limits.ts';
import type { PlacePorts } from '../ports/in-place.ts';
import type { Log } from '../process/log.ts';
import { carryBothWays } from '../relay/both-ways.ts';
import { atRelay, ChannelSocket, type Dial } from '../relay/socket.ts';
import type { RepliesTo } from './replies.ts';

interface PortParts {
  dial: Dial;
  /** Ports of a user's place. Throws AppError for nobody. */
  portsOf(owner: string | undefined): PlacePorts;
  log: Log;
}

/**
 * Ports of a workspace. A connection is answered once it stands, so that a client is told why it does not; its bytes go
 * over a channel of the relay, and what one user has open at a time is bounded.
 */
export const portReplies = ({ dial, portsOf, log }: PortParts): RepliesTo<typeof portCalls> => {
  const open = new Map<string, number>();
  const count = (owner: string, by: number): void => {
    const now = (open.get(owner) ?? 0) + by;
    if (now === 0) open.delete(owner);
    else open.set(owner, now);
  };

  return {
    list: (_, owner) => portsOf(owner).list(),
    connect: async ({ port, transfer }, owner = '') => {
      const ports = portsOf(owner || undefined);
      if ((open.get(owner) ?? 0) >= maxConnectionsPerOwner) throw new AppError('too_many', tooManyText);
      count(owner, 1);
      const stands = Promise.withResolvers<Record<string, never>>();
      carryBothWays(
        (events) => new ChannelSocket(atRelay(dial, transfer), connectionChannel, events),
        async (body) => {
          const connection = await ports.connect(port, body);
          stands.resolve({});
          return connection;
        },
        'server',
      )
        .catch((error: unknown) => {
          stands.reject(error);
          if (error instanceof AppError) log.info('connection.ended', { transfer: transfer.id, text: error.message });
          else log.error('connection.failed', { transfer: transfer.id, error });
        })
        .finally(() => count(owner, -1));
      return stands.promise;
    },
  };
};

const tooManyText =
  `You have ${maxConnectionsPerOwner} connections to ports of this server open, and more are not made. ` +
  'Close some, then try again.';
