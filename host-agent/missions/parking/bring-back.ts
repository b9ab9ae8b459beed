import type { MissionId } from '../../../shared/ids.ts';
import type { Client } from '../../opencode/api/client.ts';
import type { StoredRow } from '../../opencode/api/events.ts';
import { OpenCodeAway } from '../../opencode/api/failure.ts';
import type { ParkedFiles } from './parked-files.ts';

/** Events held at once: OpenCode takes a request whole, and a history may be larger than its memory or ours. */
const portionEvents = 500;

/**
 * Puts a parked history back under its own ids and positions, and only then removes the file. What OpenCode has already
 * is left as it is there, so a crash in between does no harm. Throws OpenCodeAway, else an error that says where the
 * conversation is kept.
 */
export const bringBack = async (client: Client, files: ParkedFiles, mission: MissionId): Promise<void> => {
  if (!files.has(mission)) return;
  // A request is of one session, and any may come first (measured).
  const held = new Map<string, StoredRow[]>();
  let count = 0;
  const store = async (directory: string): Promise<void> => {
    for (const rows of held.values()) await client.storeAgain(directory, rows);
    held.clear();
    count = 0;
  };
  try {
    const { directory } = await files.read(mission, async (row, parked) => {
      const rows = held.get(row.aggregate_id);
      if (rows) rows.push(row);
      else held.set(row.aggregate_id, [row]);
      if (++count >= portionEvents) await store(parked.directory);
    });
    await store(directory);
  } catch (cause) {
    if (cause instanceof OpenCodeAway) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `OpenCode could not take back the conversation of this mission, which is kept in ${files.pathOf(mission)}: ${reason}`,
      { cause },
    );
  }
  await files.forget(mission);
};
