import type { MessageCommand } from '../../../shared/commands.ts';

/**
 * OpenCode's ids of a message and its part, made from the command alone, so that the same command is always the same
 * prompt (protocol §1). 12 hex digits of the time, then 14 of the command id: the shape of OpenCode's own.
 */
export const promptIds = (command: Pick<MessageCommand, 'id' | 'at'>): { messageID: string; partID: string } => {
  const tail = `${command.at.toString(16).padStart(12, '0').slice(-12)}${command.id.replaceAll('-', '').slice(0, 14)}`;
  return { messageID: `msg_${tail}`, partID: `prt_${tail}` };
};
