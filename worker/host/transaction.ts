import type { LogEvent } from '../../shared/events.ts';
import type { EdgeFrame } from '../../shared/frames.ts';
import type { HostContext } from './context.ts';
import { noteOwners } from './effects/accounts.ts';
import { isNews, noteNews } from './effects/news.ts';
import { noteMark } from './log/marks.ts';
import type { Change, Done } from './record/change.ts';
import { atomically } from './remembered.ts';
import type { Reply } from './replies.ts';
import type { Upkeep } from './upkeep/upkeep.ts';
import type { Viewers } from './viewers/viewers.ts';

/** Events that change neither what runs nor what waits: nearly all there are while a turn runs. */
const leavesActivity: ReadonlySet<string> = new Set<LogEvent['type']>([
  'part.opened',
  'part.blind',
  'part.checkpoint',
  'part.closed',
  'tool.called',
  'tool.result',
  'turn.cost',
  'turn.todos',
  'turn.error',
  'turn.undone',
]);

interface Followers {
  viewers: Viewers;
  upkeep: Upkeep;
  /** The ids of those who are admins now. */
  admins: () => readonly string[];
  /** Sends a frame to the host, if it is connected. */
  tellHost: (frame: EdgeFrame) => void;
}

/** Missions whose activity or queue a change may have changed. */
const touchedBy = ({ touched, recorded }: Change): string[] => [
  ...touched,
  ...recorded.flatMap(({ row }) => (leavesActivity.has(row.event.type) ? [] : (row.mission ?? []))),
];

/** The one way the object changes: a transaction, then its consequences outside. */
export class Transactions {
  readonly #host: HostContext;
  readonly #followers: Followers;

  constructor(host: HostContext, followers: Followers) {
    this.#host = host;
    this.#followers = followers;
  }

  /** Runs one transaction: everything in `rule` commits, or nothing. Viewers see it after the commit. */
  run<T extends Change>(rule: (host: HostContext) => T): T {
    const { log, sql, storage, now } = this.#host;
    const nowMs = now();
    const { head } = log;
    let change: T;
    let touched: string[];
    let hasNews: boolean;
    try {
      [change, touched, hasNews] = atomically(storage, () => {
        const changed = rule({ ...this.#host, now: () => nowMs });
        const missions = touchedBy(changed);
        noteOwners(sql, missions, head);
        const news = changed.recorded.some(isNews);
        if (news) noteNews(this.#host, this.#followers.admins(), head);
        if (log.head > head) noteMark(sql, nowMs, head);
        return [changed, missions, news];
      });
    } catch (cause) {
      log.reload();
      throw cause;
    }
    const { viewers, upkeep, tellHost } = this.#followers;
    const { recorded, deltas = [], outputs = [] } = change;
    viewers.show({ recorded, deltas, outputs, touched });
    // What people did at the edge is in no row that the host sends. Only the head of the log, which the host repeats in
    // `hello`, tells a restored older copy of this object that it lacks something.
    if (change.recorded.length > 0 && !change.isHeadTold)
      tellHost({ type: 'head', segment: log.segment, seq: log.head });
    // Text and tools of a turn that runs change nothing that is due.
    upkeep.settleLater(hasNews || (change.recorded.length > 0 && touched.length > 0));
    return change;
  }

  /** The same for a caller, returning its reply. */
  take<T>(rule: (host: HostContext) => Done<T>): Reply<T> {
    return this.run(rule).reply;
  }
}
