import type { MissionActivity } from '../../../shared/viewer.ts';
import { openAsksOf } from '../asks/asks.ts';
import { messageBeginning } from '../messages/messages.ts';
import { waitingMessages } from '../messages/waiting.ts';
import { todosForSnapshot } from '../missions/todos.ts';
import type { Part } from '../text/parts.ts';
import { maySee, type ViewerState } from './audience.ts';

/** As much of a waiting message as a list of them shows, in UTF-16 units. */
const shownChars = 200;

/**
 * What a delta viewer is told at the head of the log (protocol §5 Join): what runs, open parts with their text so far,
 * open asks and what waits.
 */
export const snapshotOf = (
  sql: SqlStorage,
  state: ViewerState,
  running: readonly MissionActivity[],
  parts: readonly Part[],
  textOf: (part: string) => string,
): object => {
  const isShown = (mission: string): boolean => maySee(state, { id: mission, owner: state.owner });
  return {
    type: 'snapshot',
    running: running.map((each) => ({ ...each, ...todosForSnapshot(sql, each.mission_id) })),
    parts: parts.map(({ part, mission, turn, kind, parent_call }) => ({
      part,
      mission_id: mission,
      turn,
      kind,
      ...(parent_call === null ? {} : { parent_call }),
      text: textOf(part),
    })),
    requests: openAsksOf(sql, state.owner).filter((each) => isShown(each.mission_id)),
    queue: Array.from(waitingMessages(sql, { owner: state.owner }))
      .filter(({ mission }) => isShown(mission))
      .map(({ id, mission, agent }) => ({
        id,
        mission_id: mission,
        content: messageBeginning(sql, id, shownChars),
        agent,
      })),
  };
};
