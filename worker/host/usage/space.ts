import type { HostContext } from '../context.ts';
import { refuse } from '../replies.ts';

/** Percent of what an object can hold: from the first an admin is told, from the second no new mission begins. */
export const [tellPercent, refusePercent] = [80, 95] as const;

/** How full the object is, in percent. */
export const percentFull = ({ sql, roomBytes }: Pick<HostContext, 'sql' | 'roomBytes'>): number =>
  (100 * sql.databaseSize) / roomBytes;

/**
 * Why no new mission may begin here, or null: what is left is for those that run, which are to end well. Nothing that
 * is there is refused a word.
 */
export const noRoomAtAll = (host: Pick<HostContext, 'sql' | 'roomBytes'>): ReturnType<typeof refuse> | null => {
  const percent = percentFull(host);
  if (percent < refusePercent) return null;
  const text = `The log of this server is ${Math.floor(percent)} % full, so no new mission begins there; those that are there go on. Use another server, delete missions that are not needed, or ask an admin to.`;
  return refuse('too_large', text);
};
