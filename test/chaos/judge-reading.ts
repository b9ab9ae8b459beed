// Compares what one viewer saw with the log: every row since it joined, once, in both renderings with the same content.

import type { Reading, Row } from '../support/reading.ts';
import type { Finding } from './judge.ts';

/** `reading` against `log`, the delta stream of everything, as of the log's end. */
export const judgeReading = (reading: Reading, log: Reading): Finding[] => {
  const from = reading.joinedAt ?? log.seq;
  const expected = [...log.rows.values()].filter(({ seq }) => seq > from && seq <= log.seq);
  const findings: Finding[] = [
    ...reading.doubled.map((text): Finding => ({ sort: 'doubled', text })),
    ...reading.wrong.map((text): Finding => ({ sort: 'wrong', text })),
    ...(reading.rendering === 'delta' ? judgeDelta(reading, expected) : judgeDefault(reading, expected, log.seq)),
  ];
  const name = reading === log ? 'the log' : `a ${reading.rendering} viewer that joined at ${from}`;
  return findings.map(({ sort, text }) => ({ sort, text: `${name}: ${text}` }));
};

/** The last row that this rendering shows anything of: a viewer is told no position for what it is not shown. */
export const lastShown = (log: Reading, rendering: Reading['rendering']): number =>
  Math.max(0, ...[...log.rows.values()].filter((row) => rendering === 'delta' || isShown(row)).map(({ seq }) => seq));

const judgeDelta = (reading: Reading, expected: readonly Row[]): Finding[] =>
  expected.flatMap((row): Finding[] => {
    const seen = reading.rows.get(row.seq);
    // Its text was shown while it was made, or comes with the part's end.
    if (row.event.type === 'part.checkpoint') return [];
    if (!seen) return [{ sort: 'lost', text: `${row.event.type} at seq ${row.seq}` }];
    const [is, should] = [JSON.stringify(comparable(seen)), JSON.stringify(comparable(row))];
    return is === should ? [] : [{ sort: 'wrong', text: `it was shown ${is}, the log has ${should}` }];
  });

/**
 * A part that the edge closed grows when the host is back, while an earlier row was shown with the text of its time.
 */
const comparable = (row: Row): Row =>
  row.event.type === 'part.closed' && row.event.incomplete ? { ...row, event: { ...row.event, text: '' } } : row;

const judgeDefault = (reading: Reading, expected: readonly Row[], head: number): Finding[] => {
  const due = new Map(expected.flatMap((row) => (isShown(row) ? [[row.seq, row]] : [])));
  const findings: Finding[] = [];
  for (const { seq, event } of reading.shown) {
    const row = due.get(seq);
    due.delete(seq);
    if (!row && seq <= head)
      findings.push({ sort: 'doubled', text: `${event.name} at seq ${seq}, which shows nothing` });
    const text = row && textOf(row);
    if (text !== undefined && text !== event.data.content)
      findings.push({ sort: 'wrong', text: `"${event.data.content}" at seq ${seq}, the log has "${text}"` });
  }
  return [
    ...findings,
    ...[...due.values()].map((row): Finding => ({ sort: 'lost', text: `${row.event.type} at seq ${row.seq}` })),
  ];
};

/** Rows that the default rendering turns into events, the last of which carries the position. */
const isShown = ({ mission, sequence, event }: Row): boolean => {
  if (mission === null) return false;
  switch (event.type) {
    case 'message.kept':
      return event.queued;
    case 'part.closed':
    case 'tool.called':
    case 'tool.result':
    case 'turn.error':
    case 'mission.status':
      return true;
    case 'message.placed':
    case 'turn.started':
    case 'turn.ended':
    case 'command.finished':
    case 'command.lost':
      return sequence !== null;
    default:
      return false;
  }
};

const textOf = ({ event }: Row): string | undefined => {
  if (event.type === 'part.closed') return event.incomplete ? undefined : event.text;
  return event.type === 'turn.ended' ? event.text : undefined;
};
