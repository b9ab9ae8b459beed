import type { MissionRow } from '../../directory/projection.ts';
import type { HostContext } from '../context.ts';
import type { Mission } from '../missions/missions.ts';
import type { Preview } from './preview.ts';

/** A mission as the D1 directory shows it in lists; of a deleted one only that it was. */
export const missionRow = (
  host: HostContext,
  mission: Mission,
  server: string,
  { entries }: Pick<Preview, 'entries'>,
): MissionRow => ({
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
  history: entries,
  createdAt: mission.created_at,
  updatedAt: mission.updated_at,
  interruptedAt: mission.interrupted_at,
  deletedAt: mission.deleted_at,
  inTrash: mission.deleted_at !== null && mission.purge === 0,
  log: host.log.id,
  rev: mission.rev,
});
