import { and, asc, eq, getTableColumns, gt, isNull, sql } from 'drizzle-orm';
import { nilWorkspace } from '../../shared/ids.ts';
import { ask, builtOnce } from './built-once.ts';
import type { Directory } from './directory.ts';
import { hosts, missionTotals } from './schema.ts';

export type HostRow = typeof hosts.$inferSelect;

const isEnrolled = isNull(hosts.removedAt);

/** All servers that are enrolled, the oldest first: the oldest is the default server. Removed servers are left out. */
export const enrolledHosts = builtOnce((builder) =>
  builder.select(getTableColumns(hosts)).from(hosts).where(isEnrolled).orderBy(asc(hosts.createdAt), asc(hosts.id)),
);

/** The same, where nothing else is asked. */
export const listHosts = async (db: Directory): Promise<HostRow[]> => (await ask(db, enrolledHosts()))[0];

/** A server that was not removed, or null. */
export const findHost = async (db: Directory, id: string): Promise<HostRow | null> =>
  (await db
    .select()
    .from(hosts)
    .where(and(eq(hosts.id, id), isEnrolled))
    .get()) ?? null;

/** Of these servers, the logs that they have told D1 of. */
export const toldLogs = async (db: Directory, ids: readonly string[]): Promise<Map<string, string | null>> => {
  const those = sql`${hosts.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const rows = await db.select({ id: hosts.id, log: hosts.log }).from(hosts).where(those).all();
  return new Map(rows.map(({ id, log }) => [id, log]));
};

/** Servers that hold missions of a user. */
export const hostsOfOwner = async (db: Directory, owner: string): Promise<string[]> =>
  (await ask(db, holdingHosts({ owner })))[0].map(({ host }) => host);

const holdingHosts = builtOnce((builder) =>
  builder
    .selectDistinct({ host: missionTotals.host })
    .from(missionTotals)
    .where(and(eq(missionTotals.owner, sql.placeholder('owner')), gt(missionTotals.missions, 0))),
);

/** The server of a workspace; an unknown one, like the nil alias, means the default server (contract §2.2). */
export const hostOfWorkspace = (all: readonly HostRow[], workspace: string | null): HostRow | null =>
  all.find((host) => host.workspaceId === workspace && workspace !== nilWorkspace) ?? all[0] ?? null;

export type Enrolment = Pick<HostRow, 'id' | 'name' | 'credentialSha256' | 'epoch' | 'workspaceId'>;

/**
 * Enrols the server of the edge's own machine, also one that was removed; what its object has reported about it stays.
 */
export const upsertHost = async (db: Directory, host: Enrolment, now: number): Promise<void> => {
  const { id, ...given } = host;
  const renewed = { ...given, removedAt: null };
  await db
    .insert(hosts)
    .values({ id, ...renewed, createdAt: now })
    .onConflictDoUpdate({ target: hosts.id, set: renewed });
};

/** Takes a server's credential away: from here on nobody can dial its link. False when there is no such server. */
export const endCredential = async (db: Directory, id: string): Promise<boolean> => {
  const nobodys = { credentialSha256: '' };
  return (await db.update(hosts).set(nobodys).where(eq(hosts.id, id)).returning({ id: hosts.id })).length > 0;
};

/**
 * Marks a server as removed, so that no list shows it. Its row stays, because its missions can still be read (see
 * schema.ts).
 */
export const forgetHost = async (db: Directory, id: string, now: number): Promise<void> => {
  await db.update(hosts).set({ removedAt: now, live: false }).where(eq(hosts.id, id));
};
