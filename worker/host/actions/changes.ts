/** What people ask of missions (contract §2.2, §5): rules only, over the tables; the object steps, shows and sends. */
import type { MissionStatus } from '../../../shared/events.ts';
import type { CommandId, MissionId } from '../../../shared/ids.ts';
import { isResumable } from '../../../shared/reducer.ts';
import { forgetRequests } from '../asks/asks.ts';
import type { Log } from '../log/log.ts';
import { forgetCommands, getCommand, inFlight, keepMessage, openCommands, wishCancel } from '../messages/messages.ts';
import { busyMissions } from '../missions/activity.ts';
import {
  getMission,
  history,
  insertMission,
  type Mission,
  missingInAnswer,
  ownMission,
  saveMission,
} from '../missions/missions.ts';
import { atWork, hasRoom, isFull } from '../missions/slots.ts';
import { forgetTodos } from '../missions/todos.ts';
import { type Recorded, recordEvent } from '../record/record.ts';
import { isRemoved, removedText } from '../removed.ts';
import { type NewMessage, type NewMission, type Reply, refuse, reply } from '../replies.ts';
import { forgetParts } from '../text/parts.ts';
import { endHere } from './end-at-edge.ts';

/** A rule's outcome: what was written, and the answer. */
export interface Done<T> {
  recorded: Recorded[];
  touched: string[];
  answer: Reply<T>;
}

export const done = <T>(answer: Reply<T>, recorded: Recorded[] = [], touched: string[] = []): Done<T> => ({
  recorded,
  touched,
  answer,
});
const notFound = (id: string) => refuse('not_found', `Mission ${id} not found`);
/** The status is the contract's (§2.2 cancel), the text says what is so. */
const idleText = (id: string) => `Mission ${id} has nothing to cancel: none of its messages is at work`;

export const createMission = (sql: SqlStorage, log: Log, mission: NewMission, nowMs: number): Done<null> => {
  if (ownMission(sql, mission.owner, mission.id)) return done(reply(null));
  if (isRemoved(sql)) return done(refuse('conflict', removedText));
  if (!insertMission(sql, mission, nowMs))
    return done(refuse('conflict', 'This mission id is taken on its server; try again.'));
  const { owner, workspace, title, agent, model } = mission;
  const created = { type: 'mission.created' as const, owner, workspace, title, agent, model };
  return done(reply(null), recordEvent(sql, log, mission.id, created, nowMs), [mission.id]);
};

/** Characters of the first message that become the title (contract §5.7). */
const titleChars = 100;

/**
 * Takes a message in; `queued` when it has to wait for its mission, its server or a slot. Repeated with the same id it changes
 * nothing and gets the same answer.
 */
export const takeMessage = (
  sql: SqlStorage,
  log: Log,
  owner: string,
  message: NewMessage,
  canStart: boolean,
  nowMs: number,
  clean = false,
): Done<{ queued: boolean }> => {
  const known = getCommand(sql, message.id);
  if (known) {
    const isOwn = ownMission(sql, owner, known.mission) !== null && known.mission === message.mission;
    return done(isOwn ? reply({ queued: known.queued }) : refuse('conflict', 'This message id is taken.'));
  }
  const mission = ownMission(sql, owner, message.mission);
  if (!mission) return done(notFound(message.mission));
  if (isRemoved(sql)) return done(refuse('conflict', removedText));
  const queued = openCommands(sql, mission.id).length > 0 || !canStart || !hasRoom(sql);
  const { id: command, content, agent } = message;
  const recorded = recordEvent(sql, log, mission.id, { type: 'message.kept', command, content, agent, queued }, nowMs);
  keepMessage(sql, { ...message, at: nowMs, clean, queued, seq: log.head });
  giveTitle(sql, mission.id, owner, content);
  return done(reply({ queued }), recorded, [mission.id]);
};

export const setStatus = (
  sql: SqlStorage,
  log: Log,
  owner: string,
  id: string,
  status: MissionStatus,
  nowMs: number,
): Done<null> => {
  if (!ownMission(sql, owner, id)) return done(notFound(id));
  return done(reply(null), recordEvent(sql, log, id, { type: 'mission.status', status, summary: null }, nowMs), [id]);
};

/**
 * Stores a person's wish to stop what a mission is doing. If the host is away, the turn ends at the edge at once
 * (protocol §4, a server that never returns) and the host is told when it is back. A message that still waits for a
 * slot ends here too, since no host has it. Returns the command that the host must be told to interrupt, or null.
 */
export const cancelMission = (
  sql: SqlStorage,
  log: Log,
  owner: string,
  id: string,
  hostIsAway: boolean,
  nowMs: number,
): Done<{ mission: MissionId; command: CommandId } | null> => {
  const mission = ownMission(sql, owner, id);
  if (!mission) return done(notFound(id));
  const command = atWork(sql, id, isFull(sql));
  if (!command) return done(refuse('not_found', idleText(id)));
  const end = { outcome: 'cancelled', text: 'Task cancelled' } as const;
  if (command.state === 'kept') {
    if (mission.turn !== null) return done(refuse('not_found', idleText(id)));
    return done(reply(null), endHere(sql, log, mission, command.id, end, nowMs), [id]);
  }
  wishCancel(sql, command.id);
  const recorded = command.cancel
    ? []
    : recordEvent(sql, log, id, { type: 'cancel.requested', command: command.id }, nowMs);
  if (hostIsAway) recorded.push(...endHere(sql, log, mission, command.id, end, nowMs));
  return done(reply({ mission: mission.id, command: command.id }), recorded, [id]);
};

/** The mission a cancel without a target means: the current one if it runs, else what has run longest. */
export const mainMission = (sql: SqlStorage, owner: string, current: string | null): string | null => {
  const full = isFull(sql);
  const busy = busyMissions(sql).filter((each) => each.owner === owner && atWork(sql, each.id, full) !== null);
  const isCurrent = (mission: Mission): boolean => mission.id === current;
  return (busy.find(isCurrent) ?? busy.find((mission) => inFlight(sql, mission.id) !== null) ?? busy[0])?.id ?? null;
};

export const resumeMission = (
  sql: SqlStorage,
  log: Log,
  owner: string,
  id: string,
  command: CommandId,
  clean: boolean,
  canStart: boolean,
  nowMs: number,
): Done<null> => {
  const mission = ownMission(sql, owner, id);
  if (!mission) return done(refuse('bad_request', `Mission ${id} cannot be resumed: it does not exist`));
  if (!isResumable(mission.status))
    return done(refuse('bad_request', `Mission ${id} cannot be resumed (status: ${mission.status})`));
  if (isRemoved(sql)) return done(refuse('conflict', removedText));
  const content = resumePrompt(sql, log, mission, clean);
  const recorded = recordEvent(sql, log, id, { type: 'mission.status', status: 'active', summary: null }, nowMs);
  const message = takeMessage(
    sql,
    log,
    owner,
    { id: command, mission: mission.id, content, agent: null },
    canStart,
    nowMs,
    clean,
  );
  return done(message.answer.ok ? reply(null) : message.answer, [...recorded, ...message.recorded], [id]);
};

export const deleteMission = (sql: SqlStorage, log: Log, owner: string, id: string, nowMs: number): Done<null> => {
  const mission = ownMission(sql, owner, id);
  if (!mission) return done(refuse('not_found', 'Mission not found'));
  if (inFlight(sql, id) || mission.turn !== null) {
    return done(refuse('conflict', 'Cannot delete a running mission. Cancel it first.'));
  }
  forgetParts(sql, id);
  forgetTodos(sql, id);
  forgetRequests(sql, id);
  forgetCommands(sql, id);
  log.forget(id);
  const recorded = recordEvent(sql, log, id, { type: 'mission.deleted' }, nowMs);
  saveMission(sql, mission, { ...mission, title: null, deleted_at: nowMs, updated_at: nowMs });
  return done(reply(null), recorded, [id]);
};

/** Ids of missions that were opened and never used (contract §2.2 cleanup). */
export const unusedMissions = (sql: SqlStorage, log: Log, owner: string): string[] =>
  sql
    .exec<{ id: string; title: string | null }>(
      "SELECT id, title FROM missions WHERE owner = ? AND status = 'active' AND deleted_at IS NULL AND turn IS NULL",
      owner,
    )
    .toArray()
    .filter(({ id }) => openCommands(sql, id).length === 0 && history(sql, log, id).length === 0)
    .map(({ id }) => id);

const giveTitle = (sql: SqlStorage, id: string, owner: string, content: string): void => {
  const mission = ownMission(sql, owner, id);
  if (!mission || (mission.title !== null && mission.title !== '')) return;
  saveMission(sql, mission, { ...mission, title: titleOf(content) });
};

/** A title that was made of a message follows its new text. */
export const retitle = (sql: SqlStorage, id: string, before: string, content: string): void => {
  const mission = getMission(sql, id);
  if (mission?.title !== titleOf(before)) return;
  saveMission(sql, mission, { ...mission, title: titleOf(content) });
};

const titleOf = (content: string): string => {
  const characters = [...content];
  return characters.length > titleChars ? `${characters.slice(0, titleChars).join('')}...` : content;
};

/** Longest piece of the earlier conversation that a resume repeats (contract §5.6). */
const resumeChars = 2_000;

/** The generated message of a resume. OpenCode keeps the session, so this only says what happened and what to go on with. */
const resumePrompt = (sql: SqlStorage, log: Log, mission: Mission, clean: boolean): string => {
  const entries = history(sql, log, mission.id).filter(({ queued }) => !queued);
  const request = entries.find((entry) => entry.role === 'user')?.content ?? '';
  const said = entries.findLast((entry) => entry.role === 'assistant')?.content ?? '';
  const missing = mission.status === 'blocked' ? missingInAnswer(log, mission.id) : null;
  const answer = missing !== null && said.endsWith(missing) ? said.slice(0, -missing.length).trimEnd() : said;
  const reason = mission.status === 'blocked' ? 'it had reached its iteration limit' : 'it was interrupted';
  const since = mission.interrupted_at === null ? '' : ` at ${new Date(mission.interrupted_at).toISOString()}`;
  return [
    'MISSION RESUMED',
    missing === null
      ? `This mission was stopped because ${reason}${since}.`
      : `This mission was stopped${since}: ${missing}`,
    request === '' ? '' : `The original request:\n${request.slice(0, resumeChars)}`,
    answer === '' ? '' : `Your last answer:\n${answer.slice(-resumeChars)}`,
    clean
      ? 'The mission directory was emptied.'
      : 'Your files are in the mission directory; look at what is there first.',
    'Continue from where you stopped, without repeating work that is done.',
  ]
    .filter((line) => line !== '')
    .join('\n\n');
};
