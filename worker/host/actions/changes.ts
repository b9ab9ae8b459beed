/** What people do with missions (contract §2.2, §5): rules over the tables; use-cases.ts says what follows them. */

import type { MissionStatus } from '../../../shared/events.ts';
import type { CommandId, MissionId } from '../../../shared/ids.ts';
import type { Limits } from '../../../shared/quotas.ts';
import { isResumable } from '../../../shared/reducer.ts';
import { beginningOf, endOf } from '../../../shared/text.ts';
import type { HostContext } from '../context.ts';
import { getMessage, keepMessage, wishCancel } from '../messages/messages.ts';
import { keepPlaceLimit } from '../messages/place-limit.ts';
import { hasOpenIn, inFlight } from '../messages/waiting.ts';
import { busyMissions } from '../missions/activity.ts';
import {
  getMission,
  history,
  insertMission,
  lastAnswer,
  type Mission,
  missingInAnswer,
  ownMission,
  saveMission,
} from '../missions/missions.ts';
import { archive } from '../missions/orders.ts';
import { takeNext } from '../missions/prepared.ts';
import { atWork, hasRoom, isFull } from '../missions/slots.ts';
import { type Done, done } from '../record/change.ts';
import { recordEvent } from '../record/record.ts';
import { isRemoved, removedText } from '../removed.ts';
import { type NewMessage, type NewMission, refuse, reply } from '../replies.ts';
import { noRoomAtAll } from '../usage/space.ts';
import { noRoomForMessage, noRoomForMission } from '../usage/usage.ts';
import { endAtEdge } from './end-at-edge.ts';

const notFound = (id: string) => refuse('not_found', `Mission ${id} not found`);
/** The status is the contract's (§2.2 cancel), the text says what is so. */
const idleText = (id: string) => `Mission ${id} has nothing to cancel: none of its messages is at work`;

/**
 * The id for an owner's new mission that the host has ready, or null: draw one. One that would be refused takes none,
 * so that it costs the host nothing.
 */
export const takePrepared = ({ sql }: HostContext, owner: string, limits: Limits): Done<MissionId | null> =>
  done(reply(isRemoved(sql) || noRoomForMission(sql, owner, limits) ? null : takeNext(sql)));

export const createMission = (host: HostContext, mission: NewMission, limits: Limits): Done<null> => {
  if (ownMission(host.sql, mission.owner, mission.id)) return done(reply(null));
  if (isRemoved(host.sql)) return done(refuse('conflict', removedText));
  const full = noRoomAtAll(host) ?? noRoomForMission(host.sql, mission.owner, limits);
  if (full) return done(full);
  if (!insertMission(host.sql, mission, host.now()))
    return done(refuse('conflict', 'This mission id is taken on its server; try again.'));
  const { owner, workspace, title, agent, model } = mission;
  const created = { type: 'mission.created' as const, owner, workspace, title, agent, model };
  return done(reply(null), recordEvent(host, mission.id, created), [mission.id]);
};

/** Characters of the first message that become the title (contract §5.7). */
const titleChars = 100;

/**
 * Takes a message in; `queued` when it has to wait for its mission, its server or a slot. Repeated with the same id it
 * changes nothing and gets the same answer.
 */
export const takeMessage = (
  host: HostContext,
  owner: string,
  message: NewMessage,
  limits: Limits,
  clean = false,
): Done<{ queued: boolean }> => {
  const known = getMessage(host.sql, message.id);
  if (known) {
    const isOwn = ownMission(host.sql, owner, known.mission) !== null && known.mission === message.mission;
    return done(isOwn ? reply({ queued: known.queued }) : refuse('conflict', 'This message id is taken.'));
  }
  const mission = ownMission(host.sql, owner, message.mission);
  if (!mission) return done(notFound(message.mission));
  if (isRemoved(host.sql)) return done(refuse('conflict', removedText));
  const full = noRoom(host, owner, message, limits);
  if (full) return done(full);
  const queued = hasOpenIn(host.sql, mission.id) || host.awaySinceMs() !== null || !hasRoom(host.sql);
  const { id: command, content, agent } = message;
  const recorded = recordEvent(host, mission.id, { type: 'message.kept', command, content, agent, queued });
  keepPlaceLimit(host.sql, owner, limits.place_bytes);
  keepMessage(host.sql, { ...message, at: host.now(), clean, queued, seq: host.log.head });
  giveTitle(host.sql, mission.id, owner, content);
  return done(reply({ queued }), recorded, [mission.id]);
};

const noRoom = (host: HostContext, owner: string, { mission, content }: NewMessage, limits: Limits) => {
  const asked = { owner, mission, messages: 1 as const, bytes: Buffer.byteLength(content) };
  return noRoomForMessage(host.sql, asked, limits);
};

export const setStatus = (host: HostContext, owner: string, id: string, status: MissionStatus): Done<null> => {
  const mission = ownMission(host.sql, owner, id);
  if (!mission) return done(notFound(id));
  if (status !== 'active') archive(host, mission);
  return done(reply(null), recordEvent(host, id, { type: 'mission.status', status, summary: null }), [id]);
};

/**
 * Stores a person's wish to stop what a mission is doing. If the host is away, the turn ends at the edge at once
 * (protocol §4, a server that never returns) and the host is told when it is back. A message that still waits for a
 * slot ends here too, since no host has it. Returns the command that the host must be told to interrupt, or null.
 */
export const cancelMission = (
  host: HostContext,
  owner: string,
  id: string,
): Done<{ mission: MissionId; command: CommandId } | null> => {
  const mission = ownMission(host.sql, owner, id);
  if (!mission) return done(notFound(id));
  const command = atWork(host.sql, id, isFull(host.sql));
  if (!command) return done(refuse('not_found', idleText(id)));
  const end = { outcome: 'cancelled', text: 'Task cancelled' } as const;
  if (command.state === 'kept') {
    if (mission.turn !== null) return done(refuse('not_found', idleText(id)));
    return done(reply(null), endAtEdge(host, mission, command.id, end), [id]);
  }
  wishCancel(host.sql, command.id);
  const recorded = command.cancel ? [] : recordEvent(host, id, { type: 'cancel.requested', command: command.id });
  if (host.awaySinceMs() !== null) recorded.push(...endAtEdge(host, mission, command.id, end));
  return done(reply({ mission: mission.id, command: command.id }), recorded, [id]);
};

/** The mission a cancel without a target means: the current one if it runs, else what has run longest. */
export const mainMission = (sql: SqlStorage, owner: string, current: string | null): string | null => {
  const full = isFull(sql);
  const busy = busyMissions(sql, owner).filter((each) => atWork(sql, each.id, full) !== null);
  const isCurrent = (mission: Mission): boolean => mission.id === current;
  return (busy.find(isCurrent) ?? busy.find((mission) => inFlight(sql, mission.id) !== null) ?? busy[0])?.id ?? null;
};

export const resumeMission = (
  host: HostContext,
  owner: string,
  id: string,
  command: CommandId,
  clean: boolean,
  limits: Limits,
): Done<null> => {
  const mission = ownMission(host.sql, owner, id);
  if (!mission) return done(refuse('bad_request', `Mission ${id} cannot be resumed: it does not exist`));
  if (!isResumable(mission.status))
    return done(refuse('bad_request', `Mission ${id} cannot be resumed (status: ${mission.status})`));
  if (isRemoved(host.sql)) return done(refuse('conflict', removedText));
  const content = resumeText(host, mission, clean);
  const wanted = { id: command, mission: mission.id, content, agent: null };
  const full = noRoom(host, owner, wanted, limits);
  if (full) return done(full);
  const recorded = recordEvent(host, id, { type: 'mission.status', status: 'active', summary: null });
  const message = takeMessage(host, owner, wanted, limits, clean);
  return done(message.reply.ok ? reply(null) : message.reply, [...recorded, ...message.recorded], [id]);
};

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

const firstRequest = (host: HostContext, mission: string): string => {
  for (const { role, content, queued } of history(host, mission)) if (role === 'user' && !queued) return content;
  return '';
};

/** Longest piece of the earlier conversation that a resume repeats (contract §5.6). */
const resumeChars = 2_000;

/**
 * The generated message of a resume. OpenCode keeps the session, so this only says what happened and what to go on
 * with.
 */
const resumeText = (host: HostContext, mission: Mission, clean: boolean): string => {
  const request = firstRequest(host, mission.id);
  const said = lastAnswer(host, mission.id);
  const missing = mission.status === 'blocked' ? missingInAnswer(host.log, mission.id) : null;
  const answer = missing !== null && said.endsWith(missing) ? said.slice(0, -missing.length).trimEnd() : said;
  const reason = mission.status === 'blocked' ? 'it had reached its iteration limit' : 'it was interrupted';
  const since = mission.interrupted_at === null ? '' : ` at ${new Date(mission.interrupted_at).toISOString()}`;
  return [
    'MISSION RESUMED',
    missing === null
      ? `This mission was stopped because ${reason}${since}.`
      : `This mission was stopped${since}: ${missing}`,
    request === '' ? '' : `The original request:\n${beginningOf(request, resumeChars)}`,
    answer === '' ? '' : `Your last answer:\n${endOf(answer, resumeChars)}`,
    clean
      ? 'The mission directory was emptied.'
      : 'Your files are in the mission directory; look at what is there first.',
    'Continue from where you stopped, without repeating work that is done.',
  ]
    .filter((line) => line !== '')
    .join('\n\n');
};
