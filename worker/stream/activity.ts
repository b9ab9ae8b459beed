import { sseEvent } from '../../shared/sse.ts';
import type { MissionActivity, ViewerHeader } from '../../shared/viewer.ts';

/** What a stream's viewer believes to run or wait, by server. */
export type Runs = Map<string, readonly MissionActivity[]>;

/**
 * The `status` events around the bytes of one frame: what began before them, what ended after them, so that a viewer sees an
 * answer while its mission still runs. Notes the new state in `runs`. Changes that the header does not name, because they
 * happened while the viewer was away or in replay, are told from the difference.
 */
export const statusAround = (runs: Runs, host: string, header: ViewerHeader): { before: string; after: string } => {
  const changes = [...header.changed, ...unnamedChanges(runs.get(host) ?? [], header)];
  runs.set(host, header.running);
  const began = changes.filter((run) => run.state !== 'idle');
  const ended = changes.filter((run) => run.state === 'idle');
  // The web app's sidebar believes the last status whatever its mission (contract §4.3).
  const stillRuns =
    ended.length > 0
      ? allRuns(runs)
          .filter((run) => run.state !== 'idle')
          .slice(0, 1)
      : [];
  return { before: began.map(statusEvent).join(''), after: [...ended, ...stillRuns].map(statusEvent).join('') };
};

/** The first events of a stream: everything that runs or waits, what runs last; a bare idle when there is nothing. */
export const statusSnapshot = (runs: Runs): string => {
  const all = allRuns(runs).toSorted((a, b) => Number(a.state !== 'idle') - Number(b.state !== 'idle'));
  if (all.length > 0) return all.map(statusEvent).join('');
  return sseEvent('status', { type: 'status', state: 'idle', queue_len: 0 });
};

const allRuns = (runs: Runs): MissionActivity[] => [...runs.values()].flat();

const unnamedChanges = (known: readonly MissionActivity[], { changed, running }: ViewerHeader): MissionActivity[] => {
  const named = new Set(changed.map((run) => run.mission_id));
  const before = new Map(known.map((run) => [run.mission_id, run]));
  const now = new Set(running.map((run) => run.mission_id));
  const other = running.filter((run) => !isSame(before.get(run.mission_id), run));
  const over = known
    .filter((run) => !now.has(run.mission_id))
    .map((run) => ({ ...run, state: 'idle' as const, queue_len: 0 }));
  return [...other, ...over].filter((run) => !named.has(run.mission_id));
};

const isSame = (a: MissionActivity | undefined, b: MissionActivity): boolean =>
  a?.state === b.state && a.queue_len === b.queue_len;

const statusEvent = ({ state, queue_len, mission_id }: MissionActivity): string =>
  sseEvent('status', { type: 'status', state, queue_len, mission_id });
