import { beginningOf } from '../../../shared/text.ts';
import type { MissionActivity } from '../../../shared/viewer.ts';
import { askPage } from '../asks/asks.ts';
import { shownWaiting, waitingIn } from '../messages/waiting.ts';
import { shownChars } from '../migrate-waiting.ts';
import { todosForSnapshot } from '../missions/todos.ts';
import type { Part } from '../text/parts.ts';
import { maySee, type ViewerState } from './audience.ts';

/**
 * Text of open parts in one snapshot, in UTF-16 units: far more than agents write at a time, and with everything else
 * of a snapshot less than a socket's message may have. A part beyond it comes without its text, whole when it ends.
 */
export const snapshotTextChars = 2 * 1024 * 1024;
/** Waiting messages in one snapshot; how many there are is in `queue_len` of their mission. */
const shownMessages = 200;

/** Texts of parts as long as there is room for them; '' from the first for which there is none. */
export const textsWithin = (chars: number, textOf: (part: string) => string): ((part: string) => string) => {
  let left = chars;
  return (part) => {
    const text = left > 0 ? textOf(part) : '';
    left -= text.length;
    return left < 0 ? '' : text;
  };
};

/**
 * What a delta viewer is told at the head of the log (protocol §5 Join): what runs, open parts with their text so far,
 * the end of what running calls have printed, open asks and what waits, of each as much as a page has.
 */
export const snapshotOf = (
  sql: SqlStorage,
  state: ViewerState,
  running: readonly MissionActivity[],
  parts: readonly Part[],
  textOf: (part: string) => string,
  outputs: readonly object[],
): object => {
  const shownText = textsWithin(snapshotTextChars, textOf);
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
      text: shownText(part),
    })),
    outputs,
    requests: askPage(sql, state.owner, null, isShown).list,
    queue: shownQueue(sql, state),
  };
};

const shownQueue = (sql: SqlStorage, { owner, mission }: ViewerState): object[] => {
  if (mission !== null && waitingIn(sql, mission)?.owner !== owner) return [];
  return shownWaiting(sql, mission === null ? { owner } : { mission }, shownMessages).map((message) => ({
    id: message.id,
    mission_id: message.mission,
    content: beginningOf(message.beginning, shownChars),
    agent: message.agent,
  }));
};
