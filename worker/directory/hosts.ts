import { and, asc, desc, eq, isNull } from 'drizzle-orm';
import { nilWorkspace } from '../../shared/ids.ts';
import type { Directory } from './directory.ts';
import { hosts, missions } from './schema.ts';

export type HostRow = typeof hosts.$inferSelect;

/** All servers, the oldest first: that one is the default server. */
export const listHosts = (db: Directory): Promise<HostRow[]> =>
  db.select().from(hosts).orderBy(asc(hosts.createdAt), asc(hosts.id)).all();

export const findHost = async (db: Directory, id: string): Promise<HostRow | null> =>
  (await db.select().from(hosts).where(eq(hosts.id, id)).get()) ?? null;

/** Servers where a command or turn may be alive. */
export const liveHosts = async (db: Directory): Promise<string[]> =>
  (await db.select({ id: hosts.id }).from(hosts).where(eq(hosts.live, true)).orderBy(asc(hosts.createdAt)).all()).map(
    (row) => row.id,
  );

/** Servers that hold missions of a user. */
export const hostsOfOwner = async (db: Directory, owner: string): Promise<string[]> => {
  const mine = and(eq(missions.owner, owner), isNull(missions.deletedAt));
  return (await db.selectDistinct({ id: missions.host }).from(missions).where(mine).all()).map((row) => row.id);
};

/** The servers a stream may show, those with something alive first (protocol §5). */
export const hostsForStream = (db: Directory): Promise<Pick<HostRow, 'id' | 'log' | 'name'>[]> =>
  db
    .select({ id: hosts.id, log: hosts.log, name: hosts.name })
    .from(hosts)
    .orderBy(desc(hosts.live), asc(hosts.createdAt), asc(hosts.id))
    .all();

/** The server of a workspace; an unknown one, like the nil alias, means the default server (contract §2.2). */
export const hostOfWorkspace = (all: readonly HostRow[], workspace: string | null): HostRow | null =>
  all.find((host) => host.workspaceId === workspace && workspace !== nilWorkspace) ?? all[0] ?? null;

export type Enrolment = Pick<HostRow, 'id' | 'name' | 'credentialSha256' | 'epoch' | 'workspaceId'>;

/** Enrols a server or renews its credential; what its object has reported about it stays. */
export const upsertHost = async (db: Directory, host: Enrolment, now: number): Promise<void> => {
  const { id, ...renewed } = host;
  await db
    .insert(hosts)
    .values({ id, ...renewed, createdAt: now })
    .onConflictDoUpdate({ target: hosts.id, set: renewed });
};
