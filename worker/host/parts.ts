/** How one `Host` object is put together, out of its rooms. */
import type { Clock } from '../../shared/clock.ts';
import { frameMsCloudflare, frameMsEmbedded } from '../../shared/limits.ts';
import { adminsNow } from '../auth/mode.ts';
import { directory } from '../directory/directory.ts';
import type { Bindings } from '../env.ts';
import { directoryOf, type HostContext } from './context.ts';
import { Drain } from './effects/drain.ts';
import { accountsOf } from './effects/telling.ts';
import { HostLink } from './link/link.ts';
import { LinkSocket } from './link/socket.ts';
import { Log } from './log/log.ts';
import { trashMs } from './missions/trash.ts';
import { Archive } from './retention/archive.ts';
import { Retention } from './retention/retention.ts';
import { openTables } from './tables.ts';
import { Transactions } from './transaction.ts';
import { staleHours } from './upkeep/stale.ts';
import { Upkeep } from './upkeep/upkeep.ts';
import { Uploads } from './usage/uploads.ts';
import { Viewers } from './viewers/viewers.ts';

/** The parts of one object. */
export interface HostParts {
  host: HostContext;
  viewers: Viewers;
  upkeep: Upkeep;
  transactions: Transactions;
  link: HostLink;
  uploads: Uploads;
  retention: Retention;
  /** What left the log; null where no bucket is bound. */
  archive: Archive | null;
  /** Lets work go on that nothing waits for. It never fails. */
  inBackground: (work: Promise<void> | null) => void;
  /** Hours until an open mission is stale; null for never. */
  staleHours: number | null;
  /** How long a deleted mission is kept. */
  trashMs: number;
}

/** Brings the tables to this version and wires what works on them. `roomBytes`: what the object can hold. */
export const partsOf = (ctx: DurableObjectState, env: Bindings, clock: Clock, roomBytes: number): HostParts => {
  const { storage, id } = ctx;
  const { sql } = storage;
  openTables(storage);
  const socket = new LinkSocket(ctx, clock.now);
  const log = new Log(sql, () => crypto.randomUUID());
  const host = { storage, sql, log, now: clock.now, awaySinceMs: () => socket.awaySinceMs(), roomBytes };
  const d1 = directoryOf(id, directory(env));
  const viewers = new Viewers(ctx, host, clock);
  const times = {
    staleHours: staleHours(env.STALE_MISSION_HOURS),
    trashMs: trashMs(env.TRASH_DAYS),
    retentionDue: () => parts.retention.dueAt(),
  };
  const archive = env.ARCHIVE === undefined ? null : new Archive(env.ARCHIVE, clock);
  const accounts = accountsOf(env);
  const onTakenBack = (text: string) => parts.link.takenBack(text);
  const admins = () => adminsNow(env);
  const upkeep = new Upkeep(
    ctx,
    host,
    new Drain({ host, directory: d1, accounts, admins, onTakenBack, clock }),
    clock,
    times,
  );
  const transactions = new Transactions(host, { viewers, upkeep, admins, tellHost: (frame) => socket.send(frame) });
  const retention = new Retention({
    ...{ host, archive, directory: d1 },
    run: (rule) => transactions.run(rule),
    onDone: () => upkeep.settleLater(true),
  });
  const inBackground = (work: Promise<void> | null) => work && ctx.waitUntil(work);
  const frameMs = env.EDGE === undefined ? frameMsCloudflare : frameMsEmbedded;
  const link = new HostLink({ host, transactions, viewers, socket, frameMs });
  const parts: HostParts = {
    host,
    viewers,
    upkeep,
    transactions,
    link,
    uploads: new Uploads(ctx),
    retention,
    archive,
    inBackground,
    ...times,
  };
  return parts;
};
