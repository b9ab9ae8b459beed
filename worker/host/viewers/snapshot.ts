import type { MissionActivity } from '../../../shared/viewer.ts';
import { askPage } from '../asks/asks.ts';
import { messageBeginning } from '../messages/messages.ts';
import { waitingMessages } from '../messages/waiting.ts';
import { todosForSnapshot } from '../missions/todos.ts';
import type { Part } from '../text/parts.ts';
import { maySee, type ViewerState } from './audience.ts';

/** As much of a waiting message as a list of them shows, in UTF-16 units. */
const shownChars = 200;

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
 * open asks and what waits, of each as much as a page has.
 */
export const snapshotOf = (
  sql: SqlStorage,
  state: ViewerState,
  running: readonly MissionActivity[],
  parts: readonly Part[],
  textOf: (part: string) => string,
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
    requests: askPage(sql, state.owner, null, isShown).list,
    queue: shownQueue(sql, state.owner, isShown),
  };
};

const shownQueue = (sql: SqlStorage, owner: string, isShown: (mission: string) => boolean): object[] => {
  const queue: object[] = [];
  for (const { id, mission, agent } of waitingMessages(sql, { owner })) {
    if (isShown(mission))
      queue.push({ id, mission_id: mission, content: messageBeginning(sql, id, shownChars), agent });
    if (queue.length >= shownMessages) break;
  }
  return queue;
};
