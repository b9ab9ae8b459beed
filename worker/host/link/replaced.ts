/**
 * Protocol §6: a side that was replaced by an older or another copy of itself. The object finds out at `hello`, says so
 * in the log, and goes on so that nothing is doubled and what can come back does.
 */

import type { HostEvent } from '../../../shared/events.ts';
import type { Hello } from '../../../shared/frames.ts';
import type { HostContext } from '../context.ts';
import { tellAllAccounts } from '../effects/accounts.ts';
import { rebuildDirectory } from '../effects/facts.ts';
import { runPosition, setRunPosition } from '../log/runs.ts';
import { holdMessages, releaseHeld } from '../messages/held.ts';
import type { Recorded } from '../record/record.ts';
import { getMeta, setMeta } from '../tables.ts';
import { concludeLost } from './lost.ts';

/**
 * Why this object must be an older copy of itself: the host has seen of it what it does not have. Null when it is not.
 */
export const rolledBack = (host: HostContext, hello: Hello): string | null => {
  const last = hello.segment === null ? null : host.log.lastOf(hello.segment);
  if (hello.segment !== null && last === null) return `segment ${hello.segment} is unknown here`;
  if (last !== null && hello.seq > last) return `the log had come to ${hello.seq} and ends at ${last} here`;
  if (hello.acked && hello.acked.n > runPosition(host.sql, hello.acked.run)) {
    return `rows up to ${hello.acked.n} of run ${hello.acked.run} were acknowledged and are not here`;
  }
  return null;
};

/**
 * Begins another log: viewers start anew, the host sends again what it kept, D1 is projected again. Messages that wait
 * are held, because they may have run, or been removed, after the copy was made.
 */
export const beginNewLog = (host: HostContext, hello: Hello, reason: string): Recorded[] => {
  host.log.renew();
  rebuildDirectory(host.sql);
  tellAllAccounts(host.sql);
  holdMessages(host.sql, hello.at);
  const text = `The edge's store was replaced by an older copy (${reason}). Events are sent again by the server; what it no longer has is marked as a gap.`;
  return [note(host, 'edge.restored', text)];
};

/**
 * Once everything the host kept has come, a held message that did not run is shown as lost: a person decides about it.
 */
export const concludeHeld = (host: HostContext): Recorded[] =>
  concludeLost(host, releaseHeld(host.sql), (state) => state === 'kept', heldText);

const heldText =
  'This message waited while the edge was replaced by an older copy. It may have been removed since: send it again if it is still wanted.';

/**
 * Says when the host's store is not the one that was here last. A run that comes back after another was welcomed
 * belongs to a copy that runs at the same time; a new run whose predecessor is not the newest was opened on an older
 * copy.
 */
export const hostCopy = (host: HostContext, hello: Hello): Recorded[] => {
  const newest = getMeta(host.sql, 'newest_run');
  if (newest === hello.run) return [];
  const isKnown = host.sql.exec('SELECT 1 FROM runs WHERE run = ?', hello.run).toArray().length > 0;
  setMeta(host.sql, 'newest_run', hello.run);
  if (!isKnown) setRunPosition(host.sql, hello.run, 0, { seq: host.log.head, isInLog: false });
  // A copy that was made and restored within one run names the newest run, but has fewer rows of it than have arrived
  // here.
  const isBehind = hello.at.n < runPosition(host.sql, hello.at.run);
  if (newest === null || (!isKnown && hello.welcomed_run === newest && !isBehind)) return [];
  if (isKnown) {
    return [
      note(
        host,
        'host.cloned',
        "Two host-agents use this server's credential, one a copy of the other. Enrol one of them as a server of its own.",
      ),
    ];
  }
  const text =
    hello.welcomed_run === null
      ? "The host-agent's store was lost and begun anew. Messages it had taken in and not answered are shown as lost."
      : "The host-agent's store was replaced by an older copy. Messages it had taken in since and not answered are shown as lost.";
  return [note(host, hello.welcomed_run === null ? 'host.store_lost' : 'host.store_restored', text)];
};

const note = (host: HostContext, code: string, text: string): Recorded => {
  const event: HostEvent = { type: 'host.note', code, text };
  return { row: host.log.append(null, null, host.now(), event), mission: null };
};
