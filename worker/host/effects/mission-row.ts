import type { HistoryEntry } from '../../../shared/api.ts';
import { beginningOf } from '../../../shared/text.ts';
import type { MissionRow } from '../../directory/projection.ts';
import { previewEntries } from '../../directory/schema.ts';
import type { HostContext } from '../context.ts';
import { history, type Mission } from '../missions/missions.ts';

/** Length of an entry in the directory. */
const previewChars = 200;

/** A mission as the D1 directory shows it in lists; of a deleted one only that it was. */
export const missionRow = (host: HostContext, mission: Mission, server: string): MissionRow => ({
  id: mission.id,
  host: server,
  owner: mission.owner,
  status: mission.status,
  // Kept as long as the mission can be had back: the trash lists it by its title.
  title: mission.title,
  workspace: mission.workspace,
  agent: mission.agent,
  model: mission.model,
  costUsd: mission.cost_usd + mission.turn_cost_usd,
  history: preview(host, mission),
  createdAt: mission.created_at,
  updatedAt: mission.updated_at,
  interruptedAt: mission.interrupted_at,
  deletedAt: mission.deleted_at,
  inTrash: mission.deleted_at !== null && mission.purge === 0,
  log: host.log.id,
  rev: mission.rev,
});

/** The first entries of a conversation; no more of it is read than these. */
const preview = (host: HostContext, mission: Mission): HistoryEntry[] => {
  const entries: HistoryEntry[] = [];
  if (mission.deleted_at !== null) return entries;
  for (const { role, content } of history(host, mission.id)) {
    entries.push({ role, content: beginningOf(content, previewChars) });
    if (entries.length >= previewEntries) break;
  }
  return entries;
};
