import type { CommandId } from '../../../shared/ids.ts';
import type { HostContext } from '../context.ts';
import { getMessage, type KeptMessage } from '../messages/messages.ts';
import { type Recorded, recordEvent } from '../record/record.ts';

/**
 * Shows commands as lost, each with `text` for people; only those that are still in a state of which `isLost` is true.
 */
export const concludeLost = (
  host: HostContext,
  commands: readonly CommandId[],
  isLost: (state: KeptMessage['state']) => boolean,
  text: string,
): Recorded[] =>
  commands.flatMap((id) => {
    const command = getMessage(host.sql, id);
    if (!command || !isLost(command.state)) return [];
    return recordEvent(host, command.mission, { type: 'command.lost', command: command.id, text });
  });
