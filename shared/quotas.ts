/**
 * What one user may have of a server at a time: the only table of it. What is exceeded is refused with 429 (a number)
 * or 413 (a size), and with a text that names the quota, its limit and what to do; nothing that is stored or runs is
 * touched. An admin changes the limits for everybody or for one user (`PUT /api/quotas`); docs/quotas.md is for people.
 */
import * as z from 'zod';

const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;

interface Quota {
  /** What applies where no admin said otherwise. */
  default: number;
  /** The most that an admin may set: beyond it, what other limits rely on would not hold. */
  most: number;
  unit: 'messages' | 'missions' | 'bytes' | 'calls' | 'uploads' | 'streams';
  per: 'mission' | 'user and server' | 'user';
  /** Why this number. */
  reason: string;
  /** For whoever is refused. */
  remedy: string;
}

const wait = 'Wait until some have begun, or take some out of the queue';

export const quotas = {
  mission_waiting_messages: {
    default: 100,
    most: 10_000,
    unit: 'messages',
    per: 'mission',
    reason: 'A conversation that is a hundred messages ahead of its agent is no conversation',
    remedy: wait,
  },
  mission_waiting_bytes: {
    default: 4 * mib,
    most: 256 * mib,
    unit: 'bytes',
    per: 'mission',
    reason: 'Thirty of the longest messages; what is longer belongs into a file',
    remedy: wait,
  },
  waiting_messages: {
    default: 500,
    most: 100_000,
    unit: 'messages',
    per: 'user and server',
    reason: 'Days of work for one server; a list of them is still one a person can read',
    remedy: wait,
  },
  waiting_bytes: {
    default: 16 * mib,
    most: 256 * mib,
    unit: 'bytes',
    per: 'user and server',
    reason: 'An eighth of what the object of a server has for everything it does',
    remedy: wait,
  },
  missions: {
    default: 10_000,
    most: 1_000_000,
    unit: 'missions',
    per: 'user and server',
    reason: 'Thirty a day for a year; what lists and totals cost grows with them',
    remedy: 'Delete some that you do not need. Deleted ones count until they are purged (TRASH_DAYS)',
  },
  log_bytes: {
    default: 2 * gib,
    most: 8 * gib,
    unit: 'bytes',
    per: 'user and server',
    reason: 'A fifth of the 10 GB that the object of a server can hold',
    remedy: 'Delete missions that you do not need. Deleted ones count until they are purged (TRASH_DAYS)',
  },
  calls: {
    default: 64,
    most: 1_000,
    unit: 'calls',
    per: 'user and server',
    reason: 'A page of a dashboard makes about ten at once; each holds a request open until the server answers',
    remedy: 'Wait until some are answered, then try again',
  },
  uploads: {
    default: 16,
    most: 256,
    unit: 'uploads',
    per: 'user and server',
    reason: 'The apps send a few pieces of a file side by side; each has a window of 1 MiB in memory',
    remedy: 'Wait until some have ended, then send it again',
  },
  upload_bytes: {
    default: 20 * gib,
    most: 1_024 * gib,
    unit: 'bytes',
    per: 'user and server',
    reason: 'Two of the largest files at once; they need room on the disk of the server',
    remedy: 'Wait until some uploads have ended, then send it again',
  },
  place_bytes: {
    default: 100 * gib,
    most: 100 * 1_024 * gib,
    unit: 'bytes',
    per: 'user and server',
    reason: 'Checkouts and builds of a hundred missions; one user does not fill the disk of all',
    remedy: 'Remove files that are not needed (builds, caches, old missions)',
  },
  streams: {
    default: 200,
    most: 10_000,
    unit: 'streams',
    per: 'user',
    reason: 'Every tab, phone and script of a person, and those of a small team that shares a login',
    remedy: 'Close some dashboards, or let several parts of a page share a stream',
  },
} as const satisfies Record<string, Quota>;

export type QuotaName = keyof typeof quotas;
export const quotaNames = Object.keys(quotas) as QuotaName[];

/** What applies to one user: a number for each quota. */
export type Limits = Record<QuotaName, number>;

const eachQuota = <T>(of: (name: QuotaName) => T): Record<QuotaName, T> =>
  // One cast: the keys are those of the table.
  Object.fromEntries(quotaNames.map((name) => [name, of(name)])) as Record<QuotaName, T>;

export const defaultLimits: Limits = eachQuota((name) => quotas[name].default);

/** What an admin sets: a whole number up to `most`, null for what applies otherwise, or nothing for no change. */
export const quotaChanges = z.strictObject(
  eachQuota((name) => z.number().int().min(0).max(quotas[name].most).nullable().optional()),
);
export type QuotaChanges = z.infer<typeof quotaChanges>;

/** A quota as clients are shown it. */
export const quotaJson = z.object({
  name: z.string(),
  limit: z.number().int(),
  default: z.number().int(),
  /** Of the server where it is most; in a mission, of the mission where it is most. Null: only the server knows. */
  used: z.number().int().nullable(),
  unit: z.string(),
  per: z.string(),
  reason: z.string(),
});
export type QuotaJson = z.infer<typeof quotaJson>;

/** For whoever is refused: which quota, its limit, and what to do. */
export const exceededText = (name: QuotaName, limit: number): string => {
  const { unit, per, remedy } = quotas[name];
  const what = unit === 'bytes' ? `${sizeText(limit)} (${limit} bytes)` : `${limit} ${unit}`;
  return `Your quota \`${name}\` is used up: ${what} per ${per}. ${remedy}, or ask an admin for more (PUT /api/quotas).`;
};

const sizeText = (bytes: number): string => {
  const [unit, size] = bytes >= gib ? ['GiB', gib] : bytes >= mib ? ['MiB', mib] : ['KiB', kib];
  return `${Math.round((bytes / size) * 10) / 10} ${unit}`;
};
