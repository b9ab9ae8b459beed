/** Ends given at the edge where the host can't be waited for (protocol §4, a server that never returns). */

import { noUsage } from '../../../shared/events.ts';
import { type CommandId, turnId } from '../../../shared/ids.ts';
import type { HostContext } from '../context.ts';
import { wishCancel } from '../messages/messages.ts';
import { everyOpen } from '../messages/waiting.ts';
import { getMission, type Mission } from '../missions/missions.ts';
import { rememberEndedTurn } from '../missions/reported-turns.ts';
import { type Recorded, recordEvent } from '../record/record.ts';

/** How the turn ends (`cancelled` by a person, or `interrupted`), and the text that the conversation shows. */
export interface EdgeEnd {
  outcome: 'cancelled' | 'interrupted';
  text: string;
}

/** Ends the turn, or the command that has not become one. */
export const endAtEdge = (
  host: HostContext,
  mission: Mission,
  command: CommandId,
  { outcome, text }: EdgeEnd,
): Recorded[] => {
  if (mission.turn === null) {
    const finished = outcome === 'cancelled' ? outcome : 'expired';
    return recordEvent(host, mission.id, { type: 'command.finished', command, outcome: finished, text });
  }
  rememberEndedTurn(host.sql, mission.turn);
  const turn = turnId.parse(mission.turn);
  const ended = { type: 'turn.ended' as const, command, turn, outcome, answer: [], text, model: null, usage: noUsage };
  return recordEvent(host, mission.id, ended);
};

const serverRemoved: EdgeEnd = {
  outcome: 'interrupted',
  text: 'The server was removed from Open Agent before this was done.',
};

/**
 * Ends every message that runs, is on the way or waits. The wish to stop it is kept for a host that comes back.
 * Call inside a transaction.
 */
export const endAllAtEdge = (host: HostContext): Recorded[] =>
  [...everyOpen(host.sql)].flatMap((command) => {
    // Read anew for each command: ending the one before may have ended the mission's turn.
    const mission = getMission(host.sql, command.mission);
    if (!mission) return [];
    if (command.state !== 'kept') wishCancel(host.sql, command.id);
    return endAtEdge(host, mission, command.id, serverRemoved);
  });
