/** How long a server keeps what happened in its missions (docs/configuration.md "Retention"); for admins. */
import * as z from 'zod';

/** A number of bytes below this is taken for a slip of a unit: it would leave next to nothing of any mission. */
export const leastBytes = 1024 * 1024;
const mostDays = 36_500;
/** Rules of single missions that a server has: each is looked at by itself. */
export const mostMissionRules = 1_000;

/** Null: no bound of this kind. Both null: everything is kept. */
export const retentionRule = z.object({
  /** What is older leaves. */
  days: z.number().int().min(1).max(mostDays).nullable(),
  /** What is above leaves, the oldest first; counted as the quota `log_bytes` is. */
  bytes: z.number().int().min(leastBytes).max(Number.MAX_SAFE_INTEGER).nullable(),
});
export type RetentionRule = z.infer<typeof retentionRule>;
export const keepAll: RetentionRule = { days: null, bytes: null };

/** What an admin sets: the server's rule, or that of one mission; `inherit` takes a mission's own rule back. */
export const retentionChange = z
  .strictObject({
    ...retentionRule.partial().shape,
    mission: z.uuid('mission must be a UUID').optional(),
    inherit: z.literal(true).optional(),
  })
  .refine(({ inherit, mission }) => !inherit || mission !== undefined, {
    path: ['inherit'],
    error: 'is for a mission: name it',
  })
  .refine(({ inherit, days, bytes }) => !inherit || ((days ?? null) === null && (bytes ?? null) === null), {
    path: ['inherit'],
    error: 'leaves no place for days or bytes',
  });
export type RetentionChange = z.infer<typeof retentionChange>;

/** Rules of a server as an admin is shown them. */
export const retentionJson = z.object({
  ...retentionRule.shape,
  /** Missions with a rule of their own, in the order of their ids. */
  missions: z.array(retentionRule.extend({ mission: z.string() })),
  /** Bytes that the missions of this server have in its log. */
  log_bytes: z.number().int().nonnegative(),
  /** How full the log is, in percent of what the server's object can hold. */
  log_percent: z.number().nonnegative(),
  /** What leaves goes to a bucket, and can be read from there. */
  archive: z.boolean(),
  /** Since when that bucket fails, and what the failure was last; absent while it works. */
  archive_away: z.object({ since: z.string(), text: z.string() }).optional(),
});
export type RetentionJson = z.infer<typeof retentionJson>;
