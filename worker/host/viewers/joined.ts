import { anyTable, remembered } from '../remembered.ts';

/** The first frame of viewers that join at the head of the log, and whom it is for. */
interface Joined {
  audience: string;
  frame: string;
}

/** One at a time: it may have megabytes, and who joins together is mostly of one audience. */
const newest = remembered<Joined>(anyTable);

/**
 * The first frame of a viewer, which is made once for all of an audience that join while nothing happens: when an edge
 * or an object is back all of its viewers do, and each frame has all that waits and all open texts.
 */
export const joinedFrame = (sql: SqlStorage, audience: string, make: () => string): string => {
  const known = newest.known(sql, '');
  if (known?.audience === audience) return known.frame;
  const frame = make();
  newest.put(sql, '', { audience, frame });
  return frame;
};

/** Something happened that is in no table: texts in the making have grown. */
export const forgetJoined = (sql: SqlStorage): void => newest.forget(sql);
