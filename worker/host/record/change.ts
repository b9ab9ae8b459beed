import type { Delta, Output } from '../../../shared/frames.ts';
import type { Reply } from '../replies.ts';
import type { Recorded } from './record.ts';

/** What a transaction changed, for those who are shown it after the commit. */
export interface Change {
  recorded: Recorded[];
  /** Missions whose activity or queue may have changed otherwise than by these rows. */
  touched: string[];
  /** Text in the making that came with it. */
  deltas?: Delta[];
  /** What running calls printed meanwhile. */
  outputs?: Output[];
  /** The host gets a frame that names the new head of the log anyhow. */
  isHeadTold?: boolean;
}

/** What a rule for a caller changed, and the reply. */
export interface Done<T> extends Change {
  reply: Reply<T>;
}

export const done = <T>(reply: Reply<T>, recorded: Recorded[] = [], touched: string[] = []): Done<T> => ({
  recorded,
  touched,
  reply,
});
