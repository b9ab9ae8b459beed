/**
 * Messages that waited in an older copy of the object (protocol §6). They may have run, or been removed, after the copy
 * was made, so none of them is sent before the log has everything that the host kept.
 */
import * as z from 'zod';
import { type CommandId, commandId } from '../../../shared/ids.ts';
import { awaited, awaitRow, takeAwaited } from '../log/awaited.ts';
import { openMessages } from './messages.ts';

const held = z.object({ commands: z.array(commandId) });

/** Holds every message that waits now, until the log has reached `at`. */
export const holdMessages = (sql: SqlStorage, at: { run: string; n: number }): void => {
  const commands = openMessages(sql, null).flatMap(({ id, state }) => (state === 'kept' ? [id] : []));
  awaitRow(sql, 'held', at, { commands });
};

/** Ids that may not be sent yet. */
export const heldMessages = (sql: SqlStorage): Set<string> => new Set(awaited(sql, 'held', held)?.commands);

/** Releases what is held, once the log has come as far; before that, and a second time, nothing. Out: the messages. */
export const releaseHeld = (sql: SqlStorage): CommandId[] => takeAwaited(sql, 'held', held)?.commands ?? [];
