import type { HistoryEntry } from '../../../shared/api.ts';
import { previewEntries } from '../../directory/schema.ts';
import type { Log } from '../log/log.ts';
import { getMission, history, type Mission } from '../missions/missions.ts';
import { getMeta, setMeta } from '../tables.ts';

/** Length of an entry in the directory. */
const previewChars = 200;

/**
 * Writes missions to D1, the read model of lists (protocol §7). A row is replaced only by a higher rev of the same log
 * or by the log in force, so a late or repeated write of an old state changes nothing.
 */
export const projectMissions = async (db: D1Database, sql: SqlStorage, log: Log, host: string): Promise<void> => {
  if (getMeta(sql, 'announced') !== log.id) {
    await announceLog(db, log.id, host);
    setMeta(sql, 'announced', log.id);
  }
  const stale = sql.exec<{ id: string }>('SELECT id FROM missions WHERE projected_rev < rev').toArray();
  const missions = stale.flatMap(({ id }) => getMission(sql, id) ?? []);
  if (missions.length === 0) return;
  await db.batch(missions.map((mission) => upsert(db, mission, preview(sql, log, mission), log.id, host)));
  for (const { id, rev } of missions)
    sql.exec('UPDATE missions SET projected_rev = ? WHERE id = ? AND projected_rev < ?', rev, id, rev);
};

/**
 * Compares D1 with what was projected and forgets the projection where D1 has less: it was replaced by an older copy, and
 * everything is projected again (protocol §6). Also puts back the log in force and the live mark.
 */
export const checkDirectory = async (db: D1Database, sql: SqlStorage, log: Log, host: string): Promise<void> => {
  await announceLog(db, log.id, host);
  if (getMeta(sql, 'live') === '1') await setLive(db, host, true);
  const there = await db
    .prepare('SELECT count(*) AS n, coalesce(sum(rev), 0) AS revs FROM missions WHERE host = ? AND log = ?')
    .bind(host, log.id)
    .first<{ n: number; revs: number }>();
  const here = sql
    .exec<{ n: number; revs: number }>(
      'SELECT count(*) AS n, coalesce(sum(projected_rev), 0) AS revs FROM missions WHERE projected_rev > 0',
    )
    .one();
  if (there && there.n >= here.n && there.revs >= here.revs) return;
  sql.exec('UPDATE missions SET projected_rev = 0');
};

const announceLog = async (db: D1Database, log: string, host: string): Promise<void> => {
  await db.prepare('UPDATE hosts SET log = ?1 WHERE id = ?2 AND log IS NOT ?1').bind(log, host).run();
};

/** Marks the server as possibly alive, before its first command goes out, or as quiet (protocol §7). */
export const setLive = async (db: D1Database, host: string, live: boolean): Promise<void> => {
  await db
    .prepare('UPDATE hosts SET live = ? WHERE id = ? AND live <> ?')
    .bind(live ? 1 : 0, host, live ? 1 : 0)
    .run();
};

/** What a server said of itself; agents it does not know yet leave the last report standing. */
export const setCapabilities = async (
  db: D1Database,
  host: string,
  { agents, working_dir }: { agents: string[] | null; working_dir: string },
): Promise<void> => {
  await db
    .prepare('UPDATE hosts SET agents = coalesce(?, agents), working_dir = ? WHERE id = ?')
    .bind(agents === null ? null : JSON.stringify(agents), working_dir, host)
    .run();
};

/** One of these missions that the directory knows as another server's, or null. One query, since a batch may open thousands. */
export const foreignMission = async (db: D1Database, host: string, missions: string[]): Promise<string | null> => {
  const row = await db
    .prepare('SELECT id FROM missions WHERE host <> ? AND id IN (SELECT value FROM json_each(?)) LIMIT 1')
    .bind(host, JSON.stringify(missions))
    .first<{ id: string }>();
  return row?.id ?? null;
};

const preview = (sql: SqlStorage, log: Log, mission: Mission): HistoryEntry[] =>
  mission.deleted_at === null
    ? history(sql, log, mission.id)
        .slice(0, previewEntries)
        .map(({ role, content }) => ({ role, content: content.slice(0, previewChars) }))
    : [];

const upsert = (
  db: D1Database,
  mission: Mission,
  entries: HistoryEntry[],
  log: string,
  host: string,
): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO missions (id, host, owner, status, title, workspace, agent, model, cost_usd, history, created_at,
           updated_at, interrupted_at, deleted_at, log, rev)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16
           WHERE EXISTS (SELECT 1 FROM hosts WHERE id = ?2 AND log = ?15)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, title = excluded.title, cost_usd = excluded.cost_usd,
           history = excluded.history, updated_at = excluded.updated_at, interrupted_at = excluded.interrupted_at,
           deleted_at = excluded.deleted_at, log = excluded.log, rev = excluded.rev
           WHERE missions.host = excluded.host AND (missions.log <> excluded.log OR missions.rev < excluded.rev)`,
    )
    .bind(
      mission.id,
      host,
      mission.owner,
      mission.status,
      mission.deleted_at === null ? mission.title : null,
      mission.workspace,
      mission.agent,
      mission.model,
      mission.cost_usd + mission.turn_cost_usd,
      JSON.stringify(entries),
      mission.created_at,
      mission.updated_at,
      mission.interrupted_at,
      mission.deleted_at,
      log,
      mission.rev,
    );
