/**
 * Whether the server is connected, as D1 is told it: so lists of two hundred servers show it and wake no object. It is
 * right as soon as a link begins or ends. Of one that ends without a word (a cable, a power cut), and of one that the
 * edge's own end took with it, nobody tells the object; it looks now and then, for as long as it believes in a link.
 */
import type { HostContext } from '../context.ts';
import { getMeta, setMeta } from '../tables.ts';
import { changeFacts } from './facts.ts';

/**
 * How long a list may call a server connected that went without a word, unless somebody looks (`?look=true`), and how
 * long D1 may lack what it was told. Each look is an alarm and two rows: a hundred a day.
 */
const lookMs = 15 * 60_000;

const looksAt = 'link_looks_at';

/** What a look has found, or the beginning of a link; where there is one, it is looked at again. In a transaction. */
export const noteLink = ({ sql, now }: HostContext, isThere: boolean, connectedSince: number | null): void => {
  setMeta(sql, looksAt, isThere ? String(now() + lookMs) : '');
  changeFacts(sql, { connected_since: connectedSince });
};

/** When to look again (milliseconds); null where there is no link to look at. */
export const lookAt = (sql: SqlStorage): number | null => Number(getMeta(sql, looksAt) || 0) || null;
