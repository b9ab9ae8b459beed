import { and, eq, exists, gt, isNull, or, type SQL, sql } from 'drizzle-orm';
import type { Directory } from './directory.ts';
import type { HostRow } from './hosts.ts';
import { enrolmentCodes, hosts } from './schema.ts';

/** Long enough to walk to the other machine, short enough that a code left on a screen is worth nothing. */
const codeMs = 60 * 60_000;

/** Stores a new code by its hash. Out: when it expires; prune.ts forgets it then, used or not. */
export const keepCode = async (
  db: Directory,
  code: { codeSha256: string; hostName: string | null; createdBy: string },
  now: number,
): Promise<number> => {
  const expiresAt = now + codeMs;
  await db.insert(enrolmentCodes).values({ ...code, expiresAt });
  return expiresAt;
};

/** What a server sends to be enrolled; secrets only as hashes. */
export interface Enrolling {
  codeSha256: string;
  attemptSha256: string;
  /** The credential the server will have. */
  credentialSha256: string;
  /** Who it would be, and with which name where the admin gave none. */
  fresh: { id: string; workspaceId: string; name: string };
  /** Who it proves to be already. */
  known: { id: string; credentialSha256: string } | null;
}

/**
 * Uses a code up and enrols its server, in one transaction, so that of two servers with one code one is enrolled. The
 * same attempt may come again: it gets the same server with yet another credential. Each credential raises the epoch,
 * which fences the one before. Null when the code is not to be used, or `known` is not proven (which leaves the code as
 * it was).
 */
export const useCode = async (db: Directory, enrolling: Enrolling, now: number): Promise<HostRow | null> => {
  const { codeSha256, attemptSha256, credentialSha256, fresh, known } = enrolling;
  const isOurs = and(eq(enrolmentCodes.codeSha256, codeSha256), eq(enrolmentCodes.attemptSha256, attemptSha256));
  const id = known?.id ?? fresh.id;
  const claimed = db
    .update(enrolmentCodes)
    .set({ usedAt: now, attemptSha256, host: sql`coalesce(${enrolmentCodes.host}, ${id})` })
    .where(isUsable(enrolling, now, known ? isProven(db, known) : undefined));
  // Epoch 0, because the next statement raises it. A known server's row is there already.
  const row = {
    id: sql<string>`${enrolmentCodes.host}`.as('id'),
    name: sql<string>`coalesce(${enrolmentCodes.hostName}, ${fresh.name})`.as('name'),
    credentialSha256: sql<string>`''`.as('credential_sha256'),
    epoch: sql<number>`0`.as('epoch'),
    workspaceId: sql<string>`${fresh.workspaceId}`.as('workspace_id'),
    log: sql<null>`NULL`.as('log'),
    rev: sql<number>`0`.as('rev'),
    slice: sql<number>`0`.as('slice'),
    live: sql<boolean>`0`.as('live'),
    agents: sql<null>`NULL`.as('agents'),
    connectedSince: sql<null>`NULL`.as('connected_since'),
    slots: sql<null>`NULL`.as('slots'),
    full: sql<number>`0`.as('full'),
    workingDir: sql<null>`NULL`.as('working_dir'),
    createdAt: sql<number>`${now}`.as('created_at'),
    removedAt: sql<null>`NULL`.as('removed_at'),
  };
  const inserted = db
    .insert(hosts)
    .select(
      db
        .select(row)
        .from(enrolmentCodes)
        .where(and(isOurs, eq(enrolmentCodes.host, fresh.id))),
    )
    .onConflictDoNothing();
  const renewed = db
    .update(hosts)
    .set({ credentialSha256, epoch: sql`${hosts.epoch} + 1` })
    .where(and(eq(hosts.id, sql`(SELECT host FROM enrolment_codes WHERE ${isOurs})`), isNull(hosts.removedAt)))
    .returning();
  const [, , rows] = await db.batch([claimed, inserted, renewed]);
  return rows[0] ?? null;
};

type Attempt = Pick<Enrolling, 'codeSha256' | 'attemptSha256'>;

/** Whether this attempt could use the code now, if it proved who it is. */
export const isCodeUsable = async (db: Directory, attempt: Attempt, now: number): Promise<boolean> =>
  (await db.select().from(enrolmentCodes).where(isUsable(attempt, now)).get()) !== undefined;

/**
 * Whether this attempt may use the code. The first use needs `proof` where the server says who it is. A repeat of the
 * same attempt needs none: the credential that proved it may have been replaced by then.
 */
const isUsable = ({ codeSha256, attemptSha256 }: Attempt, now: number, proof?: SQL): SQL | undefined =>
  and(
    eq(enrolmentCodes.codeSha256, codeSha256),
    gt(enrolmentCodes.expiresAt, now),
    or(and(isNull(enrolmentCodes.usedAt), proof), eq(enrolmentCodes.attemptSha256, attemptSha256)),
  );

const isProven = (db: Directory, { id, credentialSha256 }: NonNullable<Enrolling['known']>): SQL =>
  exists(
    db
      .select({ one: sql`1` })
      .from(hosts)
      .where(and(eq(hosts.id, id), eq(hosts.credentialSha256, credentialSha256), isNull(hosts.removedAt))),
  );
