// The one check of every suite that runs missions: what a viewer saw is what a reload shows, in order and content.
import type { HistoryEntry } from '../../shared/api.ts';
import type { StoredEvent } from './comparison.ts';
import { appLines, type Line, logLines, storedLines } from './conversation-lines.ts';
import type { Reading } from './reading.ts';

/** What a reload reads: `GET missions/:id` and its `/events`. */
export interface Reloaded {
  history: readonly HistoryEntry[];
  stored: readonly StoredEvent[];
}

/**
 * How what a mission's viewers saw differs from a reload: `log` is a reading of `?format=delta`, `apps` those of the
 * default stream. Each is compared from where it joined; what was before is a reload's business.
 */
export const differences = (mission: string, reloaded: Reloaded, log: Reading, apps: readonly Reading[]): string[] => {
  const stored = storedLines(reloaded.stored);
  const numbers = reloaded.stored.map(({ sequence }) => sequence);
  const joined = log.joinedAt ?? log.seq;
  const seen = logLines(log, mission, false);
  return [
    ...(numbers.some((sequence, index) => sequence !== index + 1) ? [`sequences are ${numbers.join(' ')}`] : []),
    ...(isLast(reloaded.stored) ? [] : ['a message that waits does not stand last in /events']),
    ...compare('/events', after(stored.placed, joined), 'the log', after(seen.placed, joined)),
    ...compare('/events that wait', after(stored.waiting, joined), 'the log', after(seen.waiting, joined)),
    ...historyDifferences(reloaded),
    ...apps.flatMap((reading) => appDifferences(mission, stored, log, reading)),
  ];
};

const after = (lines: readonly Line[], seq: number): Line[] => lines.filter((line) => line.seq > seq);

const isLast = (stored: readonly StoredEvent[]): boolean => {
  const first = stored.findIndex(({ metadata }) => metadata.queued === true);
  return first < 0 || stored.slice(first).every(({ metadata }) => metadata.queued === true);
};

const historyDifferences = ({ history, stored }: Reloaded): string[] => {
  const said = stored.flatMap(({ event_type, content, metadata }) =>
    event_type === 'user_message' || event_type === 'assistant_message'
      ? [
          {
            role: event_type === 'user_message' ? 'user' : 'assistant',
            content,
            ...(metadata.queued === true ? { queued: true } : {}),
          },
        ]
      : [],
  );
  return JSON.stringify(history) === JSON.stringify(said)
    ? []
    : [`the history is ${show(history)}, /events has ${show(said)}`];
};

const appDifferences = (
  mission: string,
  stored: ReturnType<typeof storedLines>,
  log: Reading,
  reading: Reading,
): string[] => {
  const joined = Math.max(reading.joinedAt ?? reading.seq, log.joinedAt ?? log.seq);
  const due = logLines(log, mission, true);
  const shown = appLines(reading, mission);
  // The apps are shown a sub-agent's text when nothing of the mission's own is in the making, and one begun before they
  // came at its end.
  const own = new Set(due.placed.map(({ seq }) => seq));
  const seen = shown.placed.filter(({ seq, head }) => head !== 'thinking' || own.has(seq));
  const isSaid = ({ head }: Line): boolean => head !== 'thinking';
  // They hear nothing of a removal but the new length, and nothing of a message that was to start at once and waits
  // nevertheless.
  const waits = new Set(shown.waiting.map(({ head }) => head));
  const still = stored.waiting.filter(({ head }, index) => index > 0 || waits.has(head));
  const removed = shown.waiting.filter(({ head }) => due.waiting.some((line) => line.head === head));
  return [
    ...compare('the log', after(due.placed, joined), "the apps' stream", after(seen, joined)),
    ...compare(
      '/events',
      after(stored.placed, joined).filter(isSaid),
      "the apps' stream",
      after(seen, joined).filter(isSaid),
    ),
    ...compare('/events that wait', after(still, joined), "the apps' stream", after(removed, joined)),
  ];
};

/** The first line in which two tellings differ, or nothing. */
const compare = (oneName: string, one: readonly Line[], otherName: string, other: readonly Line[]): string[] => {
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const [a, b] = [one[index], other[index]];
    if (a && b && isSame(a, b)) continue;
    return [`line ${index + 1} of ${oneName} is ${show(a)}, of ${otherName} ${show(b)}`];
  }
  return [];
};

const isSame = (a: Line, b: Line): boolean => {
  if (a.seq !== b.seq || a.head !== b.head) return false;
  if (a.more !== undefined && b.more !== undefined && a.more !== b.more) return false;
  if (a.isOpen || b.isOpen) return a.text.startsWith(b.text) || b.text.startsWith(a.text);
  return a.text === b.text;
};

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'not there';
  return text.length > shownChars ? `${text.slice(0, shownChars)}…` : text;
};
/** Enough to see which line it is. */
const shownChars = 600;
