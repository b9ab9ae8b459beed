import type { MessageCommand } from '../../../shared/commands.ts';
import type { Log } from '../../process/log.ts';
import { trouble } from '../../process/trouble.ts';
import { StoreFull } from '../../store/transaction.ts';
import type { MissionContext } from '../context.ts';
import { endCancelled, endUnstarted } from './turn.ts';
import type { Wakeup } from './wakeup.ts';

/** A message between its start and the commit of its turn. */
export interface Starting {
  command: MessageCommand;
  /** It may have been started before, by a process whose store was lost or is another copy of this one. */
  mayHaveRun: boolean;
  wakeup: Wakeup;
  cancelled: boolean;
  dropped: boolean;
}

/** A message that could not begin (OpenCode is away, or the store is full) is tried again after this, doubling. */
export const [retryMinMs, retryMaxMs] = [1_000, 8_000];

/** True when there is nothing to begin: the message was cancelled, which is stored here, or dropped. */
export const isOver = (context: MissionContext, { command, cancelled, dropped }: Starting): boolean => {
  if (dropped) return true;
  if (!cancelled && !context.store.inbox.isCancelled(command.id)) return false;
  endCancelled(context, command);
  return true;
};

/**
 * Stores that a message could not begin, and why. False: there was no room for the end, so the message stays open and
 * begins anew.
 */
export const failUnstarted = async (
  context: MissionContext,
  log: Log,
  starting: Starting,
  error: unknown,
  isClosed: () => boolean,
): Promise<boolean> => {
  const ending = trouble(log, 'turn.end_failed');
  while (!isClosed()) {
    try {
      if (!isOver(context, starting)) endUnstarted(context, starting.command, error);
      return true;
    } catch (storeError) {
      const waitMs = ending.failed(storeError);
      if (storeError instanceof StoreFull) return false;
      await starting.wakeup.rest(waitMs, () => isClosed() || starting.cancelled || starting.dropped);
    }
  }
  return false;
};
