/**
 * How a server joins an edge. An admin asks for a one-use code (`POST /api/hosts`); the new server gives it back with
 * its name and versions (`POST /api/hosts/enrol`) and gets the credential of its link. Both ends of both calls, as
 * JSON.
 */
import * as z from 'zod';
import { hostId, uuid } from './ids.ts';

const hostName = z.string().trim().min(1).max(200);
/** What a server is told of itself. */
export const hostStateJson = z.object({
  /** The percentage from which its log is full, as admins were told; 0 while it is not. */
  log_full: z.number().int().nonnegative(),
});

/** The secret half of a link's bearer token: 256 random bits as base64url. */
const credential = z.string().min(1).max(200);

export const newHostBody = z.object({ name: hostName.nullish().transform((name) => name ?? null) });

export const newHostResponse = z.object({
  /** Shown once; the edge keeps its hash. */
  code: z.string(),
  /** ISO 8601. */
  expires_at: z.string(),
  /** What to run on the new server, as root, where nothing of ours is installed. */
  install: z.string(),
  /** What to run there where the host-agent is installed. */
  command: z.string(),
  /**
   * Why the lines should not be used as they are; null where nothing is wrong with them. An older edge says nothing.
   */
  warning: z.string().nullable().optional(),
});

export const enrolBody = z.object({
  code: z.string().max(200),
  /** Used where the admin gave no name. */
  name: hostName.nullish().transform((name) => name ?? null),
  /** Version of the host-agent's package, for people. */
  version: z.string().max(100),
  /** Version of the link that it speaks. */
  protocol: z.number().int().nonnegative(),
  /** Drawn by the server and kept until it has its answer: with it, and only with it, a used code answers again. */
  attempt: z.string().min(32).max(100).nullish(),
  /** A server that is known here proves it and keeps its identity; its old credential ends. */
  host: z.object({ id: hostId, credential }).nullish(),
});
export type EnrolBody = z.infer<typeof enrolBody>;

export const enrolResponse = z.object({
  id: hostId,
  name: z.string(),
  credential,
  epoch: z.number().int().nonnegative(),
  workspace_id: uuid,
});
export type EnrolResponse = z.infer<typeof enrolResponse>;

export const hostJson = z.object({
  id: uuid,
  name: z.string(),
  /** Its link is up; of one that went without a word this may be told a quarter of an hour late. */
  connected: z.boolean(),
  /** A command or turn may be alive there. */
  live: z.boolean(),
  created_at: z.string(),
  /** Names of OpenCode's agents there; null before the first report. */
  agents: z.array(z.string()).nullable(),
  /** Root of its host workspace; null before the first report. */
  working_dir: z.string().nullable(),
  /** Its log is at least so many percent full; there from 80 on, for admins. */
  log_full: z.number().int().optional(),
});
export type HostJson = z.infer<typeof hostJson>;
