/** The D1 directory of users' missions and servers, a read model that the objects keep current (protocol §7). */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const hosts = sqliteTable('hosts', {
  id: text().primaryKey(),
  name: text().notNull(),
  credentialSha256: text('credential_sha256').notNull(),
  /** Raised when the credential is issued again; fences sockets of the old one. */
  epoch: integer().notNull(),
  workspaceId: text('workspace_id').notNull(),
  /** The history in force; rows projected from another log are stale. */
  log: text(),
  /** Revision of what its object last said of the server; an older one changes nothing (protocol §7). */
  rev: integer().notNull().default(0),
  /** How many slices of missions its object has written: fewer than it knows of mean an older copy of D1. */
  slice: integer().notNull().default(0),
  /** True while a command or turn may be alive there; cleared lazily. */
  live: integer({ mode: 'boolean' }).notNull().default(false),
  /** Agent names last reported by the server, as JSON; null before the first report. */
  agents: text({ mode: 'json' }).$type<string[]>(),
  /** Since when it is connected, null while it is not; of one that went without a word, for a while. */
  connectedSince: integer('connected_since'),
  /** How many missions it works on at once; null before it told. */
  slots: integer(),
  /** Percentage from which its log is full, as admins were told; 0 while it is not. */
  full: integer().notNull().default(0),
  /** Root of its host workspace, as last reported. */
  workingDir: text('working_dir'),
  createdAt: integer('created_at').notNull(),
  /**
   * Set when the server was removed. The row stays: its missions can still be read, and are projected against its log.
   */
  removedAt: integer('removed_at'),
});

/** One-use codes that let a server enrol. */
export const enrolmentCodes = sqliteTable(
  'enrolment_codes',
  {
    codeSha256: text('code_sha256').primaryKey(),
    /** Name for the new server; null leaves it to the server. */
    hostName: text('host_name'),
    createdBy: text('created_by').notNull(),
    expiresAt: integer('expires_at').notNull(),
    usedAt: integer('used_at'),
    /** Who used it, so that an enrolment whose answer was lost can be repeated. */
    attemptSha256: text('attempt_sha256'),
    /** The server it enrolled. */
    host: text(),
  },
  (table) => [index('enrolment_codes_expires').on(table.expiresAt)],
);

/** Entries of a conversation that the D1 directory keeps: lists show a preview, not the text (contract §2.2 NEW). */
export const previewEntries = 20;

export const missions = sqliteTable(
  'missions',
  {
    id: text().primaryKey(),
    host: text().notNull(),
    owner: text().notNull(),
    status: text().notNull(),
    title: text(),
    workspace: text().notNull(),
    agent: text(),
    model: text(),
    costUsd: real('cost_usd').notNull(),
    /** First entries of the conversation, each cut to 200 characters, as JSON. */
    history: text({ mode: 'json' }).$type<{ role: 'user' | 'assistant'; content: string }[]>().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    interruptedAt: integer('interrupted_at'),
    deletedAt: integer('deleted_at'),
    /** It was deleted and can still be had back. */
    inTrash: integer('in_trash', { mode: 'boolean' }).notNull().default(false),
    log: text().notNull(),
    rev: integer().notNull(),
  },
  (table) => [
    index('missions_owner_updated').on(table.owner, table.deletedAt, table.updatedAt),
    index('missions_owner_host').on(table.owner, table.host, table.deletedAt, table.updatedAt),
    index('missions_trash').on(table.owner, table.deletedAt).where(sql`${table.inTrash} = 1`),
  ],
);

/**
 * How many missions a user has on a server by status, without deleted ones, and what they cost in billionths of a
 * dollar: whole numbers, since sums of fractions drift. Triggers keep it (of the migration `counts`), each in the
 * transaction of the row it counts: so it is exact however often and in whichever order missions are written, and
 * dashboards ask every few seconds without anything being counted.
 */
export const missionTotals = sqliteTable(
  'mission_totals',
  {
    owner: text().notNull(),
    host: text().notNull(),
    status: text().notNull(),
    missions: integer().notNull(),
    costNano: integer('cost_nano').notNull(),
  },
  (table) => [primaryKey({ columns: [table.owner, table.host, table.status] })],
);

export const currentMissions = sqliteTable('current_missions', {
  owner: text().primaryKey(),
  mission: text().notNull(),
});

/** Limits that admins have set (shared/quotas). An empty owner is everybody. */
export const quotas = sqliteTable(
  'quotas',
  {
    owner: text().notNull(),
    name: text().notNull(),
    value: integer().notNull(),
    changedAt: integer('changed_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.owner, table.name] })],
);

/** Ids drawn for a request before anything was routed, so that a repeated request is the same request (protocol §4). */
export const idempotency = sqliteTable(
  'idempotency',
  {
    owner: text().notNull(),
    route: text().notNull(),
    key: text().notNull(),
    bodySha256: text('body_sha256').notNull(),
    reserved: text({ mode: 'json' }).$type<Record<string, string>>().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.owner, table.route, table.key] }),
    index('idempotency_created').on(table.createdAt),
  ],
);

/** Failed logins and enrolments, by what they are counted under (worker/attempts.ts); worthless after `clearAt`. */
export const attempts = sqliteTable(
  'attempts',
  {
    name: text().primaryKey(),
    clearAt: integer('clear_at').notNull(),
  },
  (table) => [index('attempts_clear').on(table.clearAt)],
);

/** From where an account has been logged in to; both are hashes. Strangers' failures do not count there. */
export const knownAddresses = sqliteTable(
  'known_addresses',
  {
    address: text().notNull(),
    account: text().notNull(),
    seenAt: integer('seen_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.address, table.account] }),
    index('known_addresses_seen').on(table.seenAt),
    index('known_addresses_account').on(table.account, table.seenAt),
  ],
);
