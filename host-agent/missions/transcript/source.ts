import type { Durable } from '../../opencode/api/events.ts';
import type { MissionRecord } from '../../store/missions.ts';
import type { Store } from '../../store/store.ts';
import type { MissionContext } from '../context.ts';

/**
 * Whether `history` (whole, of a mission's sessions) continues what was translated: the event at each stored head is
 * still the same one. Else OpenCode's store was replaced by another or an older copy (protocol §3).
 */
export const isSameStore = (store: Store, record: MissionRecord, history: readonly Durable[]): boolean => {
  const source = store.heads.source();
  if (record.source !== source) return false;
  const sessions = new Set([record.session, ...history.map((row) => row.session)]);
  return [...sessions].every((session) => {
    const head = store.heads.head(session, source);
    return !head || history.some((row) => row.session === session && row.seq === head.seq && row.id === head.event);
  });
};

/**
 * Whether the missing session of `record` means that OpenCode's store was lost: it has no other session of ours either.
 * One that was only deleted leaves those of the other missions.
 */
export const isStoreLost = async ({ store, client }: MissionContext, record: MissionRecord): Promise<boolean> => {
  const source = store.heads.source();
  // If the record names an earlier source, that store is already known to be gone; without a stored position nothing
  // can be told.
  if (record.source !== source || !store.heads.head(record.session, source)) return false;
  const ours = new Set(store.missions.all().flatMap((each) => (each.source === source ? [each.session] : [])));
  return !(await client.listAllSessions()).some((session) => ours.has(session.id));
};

/**
 * Goes on with the store OpenCode has now, from where it stands, under a source of its own; the first mission that
 * notices says so in the log.
 */
export const adoptStore = (
  { store, clock, log }: MissionContext,
  record: MissionRecord,
  history: readonly Durable[],
): void => {
  const isFirst = record.source === store.heads.source();
  const text = "OpenCode's store was replaced by another one; what it had of running turns may be missing here.";
  const note = {
    at: clock.now(),
    mission: null,
    event: { type: 'host.note' as const, code: 'opencode.replaced', text },
  };
  store.outbox.append(isFirst ? [note] : [], () => {
    const source = isFirst ? store.heads.newSource() : store.heads.source();
    store.missions.put({ ...record, source });
    for (const row of history) store.heads.advance(source, row.session, row.seq, row.id);
  });
  log.warn('opencode.replaced', { mission: record.mission, session: record.session });
};
