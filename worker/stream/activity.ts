import { sseEvent } from '../../shared/sse.ts';
import type { MissionActivity, ViewerHeader } from '../../shared/viewer.ts';

/** What a stream's viewer believes to run or wait, by server. */
export type Activities = Map<string, readonly MissionActivity[]>;

/**
 * The `status` events around the bytes of one frame: what began before them, what ended after them, so that a viewer
 * sees an answer while its mission still runs. Notes the new state in `activities`. Changes that the header does not
 * name, because they happened while the viewer was away or in replay, are told from the difference.
 */
export const statusAround = (
  activities: Activities,
  host: string,
  header: ViewerHeader,
): { before: string; after: string } => {
  const changes = changesIn(activities.get(host) ?? none, header);
  activities.set(host, header.running);
  const began = changes.filter((each) => each.state !== 'idle');
  const ended = changes.filter((each) => each.state === 'idle');
  // The web app's sidebar believes the last status whatever its mission (contract §4.3).
  const stillBusy =
    ended.length > 0
      ? allActivities(activities)
          .filter((each) => each.state !== 'idle')
          .slice(0, 1)
      : [];
  return { before: began.map(statusEvent).join(''), after: [...ended, ...stillBusy].map(statusEvent).join('') };
};

/** The first events of a stream: everything that runs or waits, what runs last; a bare idle when there is nothing. */
export const statusSnapshot = (activities: Activities): string => {
  const all = allActivities(activities).toSorted((a, b) => Number(a.state !== 'idle') - Number(b.state !== 'idle'));
  if (all.length > 0) return all.map(statusEvent).join('');
  return sseEvent('status', { type: 'status', state: 'idle', queue_len: 0 });
};

const allActivities = (activities: Activities): MissionActivity[] => [...activities.values()].flat();

const none: readonly MissionActivity[] = [];

/**
 * What was found out last: all streams of an audience are sent the same header (viewer-frame.ts) and mostly know the
 * same, and somebody may have hundreds here.
 */
let newest: { known: readonly MissionActivity[]; header: ViewerHeader; changes: MissionActivity[] } | null = null;

const changesIn = (known: readonly MissionActivity[], header: ViewerHeader): MissionActivity[] => {
  if (newest?.known !== known || newest.header !== header)
    newest = { known, header, changes: [...header.changed, ...unnamedChanges(known, header)] };
  return newest.changes;
};

const unnamedChanges = (known: readonly MissionActivity[], { changed, running }: ViewerHeader): MissionActivity[] => {
  const named = new Set(changed.map((each) => each.mission_id));
  const before = new Map(known.map((each) => [each.mission_id, each]));
  const now = new Set(running.map((each) => each.mission_id));
  const other = running.filter((each) => !isSame(before.get(each.mission_id), each));
  const over = known
    .filter((each) => !now.has(each.mission_id))
    .map((each) => ({ ...each, state: 'idle' as const, queue_len: 0 }));
  return [...other, ...over].filter((each) => !named.has(each.mission_id));
};

const isSame = (a: MissionActivity | undefined, b: MissionActivity): boolean =>
  a?.state === b.state && a.queue_len === b.queue_len;

const statusEvent = ({ state, queue_len, mission_id }: MissionActivity): string =>
  sseEvent('status', { type: 'status', state, queue_len, mission_id });
