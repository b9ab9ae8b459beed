/**
 * What people do, as the Worker asks for it: a rule in one transaction (actions/), then what follows it. Once the rule
 * is committed nothing of it fails any more, and nothing waits for D1 longer than a person would notice (architecture
 * §8).
 */
import { timestamp } from '../../shared/api.ts';
import type { MissionStatus } from '../../shared/events.ts';
import { commandId, type MissionId } from '../../shared/ids.ts';
import type { Limits } from '../../shared/quotas.ts';
import type { RetentionChange, RetentionJson } from '../../shared/retention.ts';
import { logError } from '../log.ts';
import { type Principal, requireScope } from '../principal.ts';
import * as changes from './actions/changes.ts';
import { startNow } from './actions/queue.ts';
import { takeAnswer } from './actions/take-answer.ts';
import * as trash from './actions/trash.ts';
import { type Credential, keepCredential } from './credential.ts';
import { tellAllAccounts } from './effects/accounts.ts';
import { checkDirectory } from './effects/facts.ts';
import { ownMission } from './missions/missions.ts';
import type { HostParts } from './parts.ts';
import { isRemoved } from './removed.ts';
import {
  type EventsPage,
  type EventsQuery,
  type MissionPage,
  type NewAnswer,
  type NewMessage,
  type NewMission,
  type Reply,
  reply,
} from './replies.ts';
import { archivedPage } from './retention/archived.ts';
import { changeRetention } from './retention/change.ts';
import { bytesOfServer, missionRules, serverRule } from './retention/rules.ts';
import { purgeSlice } from './upkeep/purge.ts';
import { closeStale } from './upkeep/stale.ts';
import { percentFull } from './usage/space.ts';
import { type Usage, usageOf } from './usage/usage.ts';
import { readEvents, readMission } from './views/reads.ts';

/** What is due by the clock (upkeep/due.ts): a bounded piece of each; the alarm comes again for what is left. */
export const onAlarm = async (parts: HostParts): Promise<void> => {
  const { transactions, upkeep, link, retention, staleHours, trashMs } = parts;
  const steps = [
    () => staleHours !== null && transactions.run((host) => closeStale(host, staleHours)),
    () => transactions.run((host) => purgeSlice(host, trashMs)),
    () => link.connected.look(),
    () => link.dispatch(),
    () => parts.inBackground(retention.start()),
  ];
  await upkeep.onAlarm(steps.filter((step) => !works(step)).length > 0);
};

/** What one step can't do keeps the others from nothing. */
const works = (step: () => unknown): boolean => {
  try {
    step();
    return true;
  } catch (cause) {
    logError('alarm.failed', cause);
    return false;
  }
};

/** The id for a new mission that its host has ready, or null: draw one (missions/prepared.ts). */
export const prepared = ({ transactions, link }: HostParts, owner: string, limits: Limits): Reply<MissionId | null> => {
  const taken = transactions.take((host) => changes.takePrepared(host, owner, limits));
  link.prepared.tell();
  return taken;
};

export const createMission = async (
  parts: HostParts,
  mission: NewMission,
  limits: Limits,
): Promise<Reply<MissionPage>> => {
  const created = parts.transactions.take((host) => changes.createMission(host, mission, limits));
  if (!created.ok) return created;
  await parts.upkeep.shown();
  return readMission(parts.host, mission.owner, mission.id);
};

export const sendMessage = async (
  { transactions, link }: HostParts,
  owner: string,
  message: NewMessage,
  limits: Limits,
): Promise<Reply<{ queued: boolean }>> => {
  const taken = transactions.take((host) => changes.takeMessage(host, owner, message, limits));
  link.dispatch();
  return taken;
};

/**
 * Whether it has a mission of theirs. Who asks that found it nowhere else, so D1 is looked at, and told what it lost.
 */
export const holds = ({ host, transactions }: HostParts, owner: string, id: string): boolean => {
  if (ownMission(host.sql, owner, id) === null) return false;
  transactions.run(({ sql }) => {
    checkDirectory(sql);
    return { recorded: [], touched: [] };
  });
  return true;
};

/** A message that is taken only if its mission can begin with it at once. */
export const sendNow = async (
  { transactions, link }: HostParts,
  owner: string,
  message: NewMessage,
  limits: Limits,
): Promise<Reply<null>> => {
  const taken = transactions.take((host) => startNow(host, owner, message, limits));
  link.dispatch();
  return taken;
};

export const setStatus = async (
  { transactions, upkeep, link }: HostParts,
  owner: string,
  id: string,
  status: MissionStatus,
): Promise<Reply<null>> => {
  const set = transactions.take((host) => changes.setStatus(host, owner, id, status));
  link.dispatch();
  await upkeep.shown();
  return set;
};

export const cancel = ({ transactions, link }: HostParts, owner: string, id: string): Reply<null> => {
  const cancelled = transactions.take((host) => changes.cancelMission(host, owner, id));
  if (!cancelled.ok) return cancelled;
  if (cancelled.value) link.interrupt(cancelled.value.mission, cancelled.value.command);
  return reply(null);
};

/** Cancels what a person who names no mission means. Out: whether there was anything. */
export const cancelMain = (parts: HostParts, owner: string, current: string | null): Reply<boolean> => {
  const main = changes.mainMission(parts.host.sql, owner, current);
  if (main === null) return reply(false);
  const cancelled = cancel(parts, owner, main);
  return cancelled.ok ? reply(true) : cancelled;
};

export const resume = async (
  parts: HostParts,
  owner: string,
  id: string,
  clean: boolean,
  limits: Limits,
): Promise<Reply<MissionPage>> => {
  const command = commandId.parse(crypto.randomUUID());
  const resumed = parts.transactions.take((host) => changes.resumeMission(host, owner, id, command, clean, limits));
  if (!resumed.ok) return resumed;
  parts.link.dispatch();
  return readMission(parts.host, owner, id);
};

export const deleteMission = async (
  { transactions, upkeep, link }: HostParts,
  owner: string,
  id: string,
): Promise<Reply<null>> => {
  const deleted = transactions.take((host) => trash.deleteMission(host, owner, id));
  link.dispatch();
  link.prepared.tell();
  await upkeep.shown();
  return deleted;
};

export const restoreMission = async (parts: HostParts, owner: string, id: string): Promise<Reply<MissionPage>> => {
  const restored = parts.transactions.take((host) => trash.restoreMission(host, owner, id, parts.trashMs));
  if (!restored.ok) return restored;
  await parts.upkeep.shown();
  return readMission(parts.host, owner, id);
};

/** Deletes missions that were opened and never used; returns their ids. */
export const cleanup = async ({ transactions, upkeep, link }: HostParts, owner: string): Promise<string[]> => {
  const { deleted } = transactions.run((host) => trash.deleteUnused(host, owner));
  link.prepared.tell();
  await upkeep.shown();
  return deleted;
};

/** The first answer to a question or permission wins; `conflict` says who that was. */
export const answer = ({ transactions, link }: HostParts, owner: string, given: NewAnswer): Reply<null> => {
  const taken = transactions.take((host) => takeAnswer(host, owner, given));
  if (!taken.ok) return taken;
  if (taken.value) link.answer(taken.value);
  return reply(null);
};

/** Events of a mission; those that left its log from the archive, where that is asked for. */
export const readMissionEvents = async (
  { host, archive }: HostParts,
  owner: string,
  id: string,
  query: EventsQuery,
): Promise<Reply<EventsPage>> => {
  const inLog = readEvents(host, owner, id, query);
  if (!inLog.ok || query.archived !== true) return inLog;
  return (await archivedPage(host, archive, id, query)) ?? inLog;
};

/** What is kept here for how long, for an admin. */
export const readRetention = ({ host, archive, retention }: HostParts, by: Principal): RetentionJson => {
  requireScope(by, 'admin');
  const trouble = archive && retention.trouble();
  return {
    ...serverRule(host.sql),
    missions: missionRules(host.sql),
    log_bytes: bytesOfServer(host.sql),
    log_percent: Math.floor(percentFull(host)),
    archive: archive !== null,
    ...(trouble ? { archive_away: { since: timestamp(trouble.sinceMs), text: trouble.reason } } : {}),
  };
};

export const setRetention = (parts: HostParts, by: Principal, change: RetentionChange): Reply<null> => {
  requireScope(by, 'admin');
  const set = parts.transactions.take((host) => changeRetention(host, change));
  parts.upkeep.settleLater(true);
  return set;
};

/** What an owner has of this server now, by quota. */
export const usage = ({ host, link, uploads }: HostParts, owner: string): Usage => ({
  ...usageOf(host.sql, owner),
  ...uploads.of(owner),
  calls: link.callsOf(owner),
});

/** Only this credential may speak for the server from here on, unless a later one was issued already. */
export const setCredential = ({ host, link, upkeep }: HostParts, credential: Credential): void => {
  const wasRemoved = isRemoved(host.sql);
  keepCredential(host.sql, credential);
  if (wasRemoved && !isRemoved(host.sql)) {
    tellAllAccounts(host.sql);
    upkeep.settleLater(true);
  }
  link.endOlder();
};
