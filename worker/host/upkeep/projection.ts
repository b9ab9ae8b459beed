import type { HistoryEntry } from '../../../shared/api.ts';
import { beginningOf } from '../../../shared/text.ts';
import { announceLog, type MissionRow, projectedTotals, setLive, writeMissions } from '../../directory/projection.ts';
import { previewEntries } from '../../directory/schema.ts';
import type { HostContext, HostDirectory } from '../context.ts';
import { getMission, history, type Mission } from '../missions/missions.ts';
import { getMeta, setMeta } from '../tables.ts';

/** Length of an entry in the directory. */
const previewChars = 200;

/** Writes missions that changed to D1, the read model of lists (protocol §7). */
export const projectMissions = async (host: HostContext, directory: HostDirectory): Promise<void> => {
  const { sql, log } = host;
  const { db, host: server } = directory;
  if (getMeta(sql, 'announced') !== log.id) {
    await announceLog(db, server, log.id);
    setMeta(sql, 'announced', log.id);
  }
  const stale = sql.exec<{ id: string }>('SELECT id FROM missions WHERE projected_rev < rev').toArray();
  const missions = stale.flatMap(({ id }) => getMission(sql, id) ?? []);
  if (missions.length === 0) return;
  await writeMissions(
    db,
    missions.map((mission) => rowOf(mission, preview(host, mission), log.id, server)),
  );
  for (const { id, rev } of missions)
    sql.exec('UPDATE missions SET projected_rev = ? WHERE id = ? AND projected_rev < ?', rev, id, rev);
};

/**
 * Compares D1 with what was projected and forgets the projection where D1 has less: it was replaced by an older copy,
 * and everything is projected again (protocol §6). Also puts back the log in force and the live mark.
 */
export const checkDirectory = async ({ sql, log }: HostContext, { db, host }: HostDirectory): Promise<void> => {
  await announceLog(db, host, log.id);
  if (getMeta(sql, 'live') === '1') await setLive(db, host, true);
  const there = await projectedTotals(db, host, log.id);
  const here = sql
    .exec<{ n: number; revs: number }>(
      'SELECT count(*) AS n, coalesce(sum(projected_rev), 0) AS revs FROM missions WHERE projected_rev > 0',
    )
    .one();
  if (there && there.n >= here.n && there.revs >= here.revs) return;
  sql.exec('UPDATE missions SET projected_rev = 0');
};

const preview = (host: HostContext, mission: Mission): HistoryEntry[] =>
  mission.deleted_at === null
    ? history(host, mission.id)
        .slice(0, previewEntries)
        .map(({ role, content }) => ({ role, content: beginningOf(content, previewChars) }))
    : [];

const rowOf = (mission: Mission, entries: HistoryEntry[], log: string, host: string): MissionRow => ({
  id: mission.id,
  host,
  owner: mission.owner,
  status: mission.status,
  title: mission.deleted_at === null ? mission.title : null,
  workspace: mission.workspace,
  agent: mission.agent,
  model: mission.model,
  costUsd: mission.cost_usd + mission.turn_cost_usd,
  history: entries,
  createdAt: mission.created_at,
  updatedAt: mission.updated_at,
  interruptedAt: mission.interrupted_at,
  deletedAt: mission.deleted_at,
  log,
  rev: mission.rev,
});
