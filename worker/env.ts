import type { Clock } from '../shared/clock.ts';
import type { Attempts } from './attempts.ts';
import type { Reading } from './reading.ts';

/**
 * Bindings and variables of the Worker; every variable is text or absent, whatever the platform. The namespaces are not
 * typed with their classes, which know this type: worker/hosts/object, worker/relay and worker/account say what
 * their objects can be asked.
 */
export interface Bindings {
  DB: D1Database;
  HOST: DurableObjectNamespace;
  RELAY: DurableObjectNamespace;
  ACCOUNT: DurableObjectNamespace;
  /** Where what leaves the logs goes (retention); without it, it is dropped. */
  ARCHIVE?: R2Bucket;
  /** Where the bundle runs: absent on Cloudflare. */
  EDGE?: 'embedded' | 'dev';
  /** Host name the embedded or dev edge listens on; authentication may be off only on a loopback name. */
  LISTEN?: string;
  DASHBOARD_PASSWORD?: string;
  OPEN_AGENT_USERS?: string;
  JWT_SECRET?: string;
  JWT_TTL_DAYS?: string;
  DEV_MODE?: string;
  MAX_ITERATIONS?: string;
  /** Hours without activity after which an open mission is closed; 0 never. */
  STALE_MISSION_HOURS?: string;
  /** Days that a deleted mission is kept. */
  TRASH_DAYS?: string;
  TRUST_PROXY?: string;
  /** Git repository of the library, which this version does not use yet. */
  LIBRARY_REMOTE?: string;
  /** Guards /api/internal; set by the launcher only. */
  INTERNAL_TOKEN?: string;
}

/** What everything that answers a request is given. */
export interface Env extends Bindings {
  clock: Clock;
  /** What this isolate remembers of failed logins and enrolments. */
  attempts: Attempts;
  /** What this isolate remembers of how much each user has read. */
  reading: Reading;
  /** Lets work go on that no answer waits for, also after the client has gone. It must not fail. */
  later: (work: Promise<unknown>) => void;
}
