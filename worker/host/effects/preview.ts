/**
 * The beginning of a conversation as lists show it. What will not change any more is kept when D1 was told it, so that
 * telling a mission again reads what came since: a hundred thousand missions told again read one entry of each.
 */
import * as z from 'zod';
import type { HistoryEntry } from '../../../shared/api.ts';
import { beginningOf } from '../../../shared/text.ts';
import { previewEntries } from '../../directory/schema.ts';
import type { HostContext } from '../context.ts';
import { history, type Mission } from '../missions/missions.ts';

/** Length of an entry in the directory. */
const previewChars = 200;

export interface Preview {
  mission: string;
  /** Of the mission when it was read. */
  rev: number;
  entries: HistoryEntry[];
  /** What is to be kept of it (`keepPreview`); null where that is known. */
  kept: HistoryEntry[] | null;
}

const stored = z.array(z.object({ role: z.enum(['user', 'assistant']), content: z.string() }));

const readKept = (sql: SqlStorage, mission: string): HistoryEntry[] => {
  const [row] = sql.exec<{ entries: string }>('SELECT entries FROM previews WHERE mission = ?', mission).toArray();
  return row ? stored.parse(JSON.parse(row.entries)) : [];
};

/** Of a deleted mission only that it was. */
export const previewOf = (host: HostContext, { id, rev, deleted_at }: Mission): Preview => {
  if (deleted_at !== null) return { mission: id, rev, entries: [], kept: null };
  const known = readKept(host.sql, id);
  const entries = [...known];
  let placed = known.length;
  if (placed < previewEntries) {
    for (const { role, content, queued } of history(host, id, placed)) {
      entries.push({ role, content: beginningOf(content, previewChars) });
      if (!queued) placed += 1;
      if (entries.length >= previewEntries) break;
    }
  }
  // Texts of the last turn may still come late.
  const sure = entries.slice(0, Math.max(known.length, placed - 1));
  return { mission: id, rev, entries, kept: sure.length > known.length ? sure : null };
};

/**
 * In the transaction that settles what was told. Of a mission that has changed meanwhile nothing is kept: it is told
 * again.
 */
export const keepPreview = (sql: SqlStorage, { mission, rev, kept }: Preview): void => {
  if (kept === null) return;
  sql.exec(
    `INSERT INTO previews (mission, entries) SELECT id, ? FROM missions WHERE id = ? AND rev = ?
       ON CONFLICT (mission) DO UPDATE SET entries = excluded.entries`,
    JSON.stringify(kept),
    mission,
    rev,
  );
};
