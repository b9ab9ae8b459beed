import { and, desc, eq, isNull, ne, sql } from 'drizzle-orm';
import { timestamp } from '../../shared/api.ts';
import type { FinishedMissionJson } from '../../shared/routes/legacy.ts';
import type { Directory } from './directory.ts';
import { missions, previewEntries } from './schema.ts';

const firstEntry = sql<string | null>`json_extract(${missions.history}, '$[0].content')`;
const lastEntry = sql<string | null>`json_extract(${missions.history}, '$[#-1].content')`;
const lastRole = sql<string | null>`json_extract(${missions.history}, '$[#-1].role')`;
const entries = sql<number>`json_array_length(${missions.history})`;

const columns = {
  id: missions.id,
  status: missions.status,
  title: missions.title,
  costUsd: missions.costUsd,
  createdAt: missions.createdAt,
  input: firstEntry,
  last: lastEntry,
  lastRole,
  entries,
};

const isFinished = (owner: string) =>
  and(eq(missions.owner, owner), isNull(missions.deletedAt), ne(missions.status, 'active'));

/** Finished missions of a user, the last changed first: read along the index of lists. */
export const listFinished = async (
  db: Directory,
  owner: string,
  limit: number,
  offset: number,
): Promise<FinishedMissionJson[]> => {
  const page = db.select(columns).from(missions).where(isFinished(owner));
  const sorted = page.orderBy(desc(missions.updatedAt), desc(missions.id));
  return (await sorted.limit(limit).offset(offset)).map(runJson);
};

/** One of them, or null. */
export const findFinished = async (db: Directory, owner: string, id: string): Promise<FinishedMissionJson | null> => {
  const row = await db
    .select(columns)
    .from(missions)
    .where(and(eq(missions.id, id), isFinished(owner)))
    .get();
  return row ? runJson(row) : null;
};

interface Row {
  id: string;
  status: string;
  title: string | null;
  costUsd: number;
  createdAt: number;
  input: string | null;
  last: string | null;
  lastRole: string | null;
  entries: number;
}

const runJson = ({
  id,
  status,
  title,
  costUsd,
  createdAt,
  input,
  last,
  lastRole,
  entries,
}: Row): FinishedMissionJson => ({
  id,
  created_at: timestamp(createdAt),
  status,
  input_text: input ?? title ?? '',
  // D1 keeps only the beginning of a conversation: of a longer one it does not know the final output.
  final_output: lastRole === 'assistant' && entries < previewEntries ? last : null,
  total_cost_cents: Math.round(costUsd * 100),
  summary_text: null,
});
