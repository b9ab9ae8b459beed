import type { MissionId } from '../../../shared/ids.ts';
import type { Client } from '../../opencode/api/client.ts';
import type { Session, StoredRow } from '../../opencode/api/events.ts';
import { keptOut, parentsOf, rootOf } from '../../opencode/api/history.ts';
import type { ParkedFiles, ParkedWriter } from './parked-files.ts';

/** A mission that rests: its session, and the directory it works in. */
export interface Resting {
  mission: MissionId;
  session: string;
  directory: string;
}

/**
 * Takes the histories of missions out of OpenCode, whose `sessions` are all there are: each is read, written to its
 * file and only then deleted there. `leave` does that last step for a mission, or not, where it is wanted meanwhile.
 * Out: how many left; one whose history has a hole, or is not there, stays as it is. Throws as Client does and what the
 * disk says; then what did not leave is in OpenCode as before.
 */
export const park = async (
  client: Client,
  files: ParkedFiles,
  { sessions, resting }: { sessions: readonly Session[]; resting: readonly Resting[] },
  leave: (mission: MissionId, step: () => Promise<void>) => Promise<boolean>,
): Promise<number> => {
  const parents = parentsOf(sessions);
  const histories = new Map(
    resting.map((each) => [
      each.session,
      { ...each, writer: files.begin(each.mission, each), heads: new Map<string, number>() },
    ]),
  );
  const roots = new Set(histories.keys());
  const others = sessions.map(({ id }) => id).filter((id) => rootOf(id, parents, roots) === null);
  let left = 0;
  try {
    await client.history(keptOut(others), (row, text) => {
      const history = histories.get(rootOf(row.aggregate_id, parents, roots) ?? '');
      if (history) add(history, row, text);
    });
    for (const { mission, session, directory, writer, heads } of histories.values()) {
      if (!isWhole(heads, session)) continue;
      const hasLeft = await leave(mission, async () => {
        await writer.done();
        await client.deleteSession(session);
        // Deleting has made an instance for the directory, which nothing else would free.
        await client.disposeInstance(directory);
      });
      if (hasLeft) left++;
    }
    return left;
  } finally {
    for (const { writer } of histories.values()) await writer.drop();
  }
};

/** Position of a session in which an event was missing. */
const hole = -1;

const add = (
  { writer, heads }: { writer: ParkedWriter; heads: Map<string, number> },
  row: StoredRow,
  text: string,
): void => {
  const head = heads.get(row.aggregate_id);
  heads.set(row.aggregate_id, head !== hole && row.seq === (head === undefined ? 0 : head + 1) ? row.seq : hole);
  writer.add(text);
};

/** OpenCode takes back only what has no hole, from its first event on. */
const isWhole = (heads: ReadonlyMap<string, number>, session: string): boolean =>
  heads.has(session) && ![...heads.values()].includes(hole);
