// Compares what was logged, stored and seen in a round with what the model sent. Pure: it only reads what was
// collected.

import type { HistoryEntry } from '../../shared/api.ts';
import { outcomeOf } from '../../shared/events.ts';
import type { OpenCodeHistory, StoredEvent } from '../support/comparison.ts';
import type { ModelRequest } from '../support/model.ts';
import { parseScript } from '../support/model-script.ts';
import type { Reading, Row } from '../support/reading.ts';
import { differences } from '../support/same-conversation.ts';
import type { Conversation, Said } from './conversation.ts';
import type { HostileRecord } from './hostile.ts';
import { judgeCommands } from './judge-commands.ts';
import { judgeReading } from './judge-reading.ts';
import { type Item, loggedFor, sentFor } from './record.ts';
import { neverAnswers, type RoundKind, rightEnd } from './schedule.ts';

/** `lost`: something is missing; `doubled`: something is there twice; `wrong`: any other untruth. */
export interface Finding {
  sort: 'lost' | 'doubled' | 'wrong';
  text: string;
}

export interface MissionRecord extends Conversation {
  /** As `GET /events` gives them. */
  stored: StoredEvent[];
  /** As `GET missions/:id` gives it. */
  history: HistoryEntry[];
  /** Status as the object says, and as the directory lists it. */
  status: string;
  listed: string | undefined;
  openCode: OpenCodeHistory & { isBusy: boolean };
  /** The words that commands have written down (schedule.ts). */
  ran: string[];
}

export interface RoundRecord {
  kind: RoundKind;
  missions: MissionRecord[];
  requests: readonly ModelRequest[];
  /** The whole log of the round, read at its end. */
  log: Reading;
  viewers: Reading[];
  /** `GET /running`. */
  running: unknown[];
  /** Processes of the round's commands that are still there. */
  left: string[];
  crashes: readonly string[];
  /** Of the user who did harm beside. */
  hostile: HostileRecord;
}

export const judge = (record: RoundRecord): Finding[] => [
  ...record.missions.flatMap((mission) => judgeMission(record, mission)),
  ...[record.log, ...record.viewers].flatMap((reading) => judgeReading(reading, record.log)),
  ...(record.running.length > 0 ? [wrong(`still running: ${JSON.stringify(record.running)}`)] : []),
  ...record.left.map((line) => wrong(`left running: ${line}`)),
  ...record.crashes.map((name) => wrong(`${name} ended by itself`)),
  ...judgeHostile(record),
];

/** Neither of the two users was shown anything of the other. */
const judgeHostile = ({ hostile, log, viewers, missions }: RoundRecord): Finding[] => {
  const shown = [log, ...viewers].flatMap((reading) => [...reading.missions].filter((id) => hostile.missions.has(id)));
  const seen = missions.filter(({ mission }) => hostile.seen.has(mission));
  return [
    ...shown.map((id) => wrong(`a stream showed mission ${id}, which is of the hostile user`)),
    ...seen.map(({ mission }) => wrong(`the hostile user's stream showed mission ${mission}`)),
    ...hostile.wrong.map(wrong),
  ];
};

const judgeMission = (record: RoundRecord, mission: MissionRecord): Finding[] => {
  const rows = [...record.log.rows.values()].filter((row) => row.mission === mission.mission);
  const findings = [
    ...mission.messages.flatMap((message) => judgeMessage(record, message, rows)),
    ...judgeStored(mission, rows),
    ...judgeReload(record, mission),
    ...judgeOpenCode(mission, rows),
    ...judgeCommands(record.kind, mission, rows),
  ];
  const { status, listed } = mission;
  if (listed !== status) findings.push(wrong(`the directory says ${listed}, the object ${status}`));
  if (!['completed', 'interrupted', 'blocked'].includes(status)) findings.push(wrong(`its status is ${status}`));
  return findings.map(({ sort, text }) => ({ sort, text: `mission ${mission.mission.slice(0, 8)}: ${text}` }));
};

/**
 * A model that sends no answer is asked no more often than this: STOP_AFTER_REPEATS, and what OpenCode asks, ten times
 * a second, while the host-agent that is to stop it is frozen or killed (schedule.ts: at most 2.5 s) or slow.
 */
const mostAsked = 30;

const outcomeIn = (end: Row | undefined): string => {
  if (!end) return 'lost';
  if (end.event.type === 'turn.ended') return outcomeOf(end.event);
  return 'outcome' in end.event ? String(end.event.outcome) : 'lost';
};

const judgeMessage = ({ kind, requests }: RoundRecord, { id, content }: Said, rows: readonly Row[]): Finding[] => {
  const sent = sentFor(content, requests);
  const logged = loggedFor(id, rows);
  const findings: Finding[] = [];
  const [end] = logged.ends;
  const outcome = outcomeIn(end);
  const right = rightEnd(content);
  const allowed = [
    right,
    ...(kind === 'opencode' ? ['interrupted'] : []),
    ...(logged.isCancelWished ? ['cancelled'] : []),
  ];

  if (logged.kept !== 1) findings.push(byCount(logged.kept, 'message.kept'));
  if (logged.ends.length !== 1) findings.push(byCount(logged.ends.length, 'end'));
  if (logged.turns > 1) findings.push(byCount(logged.turns, 'turn'));
  if (!allowed.includes(outcome)) findings.push(wrong(`its outcome is ${outcome}: ${JSON.stringify(end?.event)}`));
  const steps = parseScript(content).length;
  sent.asked.forEach((count, step) => {
    const atMost = neverAnswers(content) && step === steps - 1 ? mostAsked : 1;
    if (count > atMost) findings.push({ sort: 'doubled', text: `the model was asked ${count} times for step ${step}` });
  });
  findings.push(...compare(logged.items, sent.items, outcome === right));
  if (outcome === 'completed') {
    if (sent.asked.filter((count) => count === 1).length !== steps)
      findings.push(wrong(`the model was asked ${JSON.stringify(sent.asked)} for ${steps} steps`));
    findings.push(...logged.unanswered.map(wrong));
  }
  if (kind === 'edge' && logged.blind > 0)
    findings.push(wrong(`${logged.blind} blind parts, although nobody was killed`));
  const name = content.slice(2, content.indexOf('\n'));
  return findings.map(({ sort, text }) => ({ sort, text: `message ${name} (${id.slice(0, 8)}): ${text}` }));
};

/** In order and once; all of it when the turn was completed, else as much as there is. */
const compare = (logged: readonly Item[], sent: readonly Item[], isWhole: boolean): Finding[] => {
  for (const [index, item] of logged.entries()) {
    const truth = sent[index];
    if (!truth) return [{ sort: 'doubled', text: `more than was sent: ${JSON.stringify(item)}` }];
    if (JSON.stringify(item) === JSON.stringify(truth)) continue;
    const difference = `${JSON.stringify(item)}, sent was ${JSON.stringify(truth)}`;
    if (item.sort === 'tool' || truth.sort !== item.sort) return [wrong(difference)];
    if (!truth.text.startsWith(item.text))
      return [{ sort: item.text.startsWith(truth.text) ? 'doubled' : 'wrong', text: difference }];
    // A tool may have begun before the end of the text that introduced it was stored.
    const isLast = logged.slice(index + 1).every(({ sort }) => sort === 'tool') && logged.length - index <= 2;
    if (isWhole || !isLast) return [{ sort: 'lost', text: difference }];
  }
  if (!isWhole || logged.length === sent.length) return [];
  return [
    { sort: 'lost', text: `${sent.length - logged.length} at the end: ${JSON.stringify(sent.slice(logged.length))}` },
  ];
};

/**
 * The contract's stored events: sequences without a hole, a question and an answer for each message, the texts of the
 * log.
 */
const judgeStored = ({ stored, messages }: MissionRecord, rows: readonly Row[]): Finding[] => {
  const findings: Finding[] = [];
  const sequences = stored.map(({ sequence }) => sequence);
  if (sequences.some((sequence, index) => sequence !== index + 1))
    findings.push(wrong(`sequences are ${sequences.join(' ')}`));
  for (const type of ['user_message', 'assistant_message']) {
    const count = stored.filter(({ event_type }) => event_type === type).length;
    if (count !== messages.length) findings.push(byCount(count - messages.length + 1, type));
  }
  const texts = messages.flatMap(({ id }) => loggedFor(id, rows).items);
  const said = texts.flatMap((item) => (item.sort === 'tool' ? [] : [item.text]));
  const thoughts = stored.flatMap(({ event_type, content }) => (event_type === 'thinking' ? [content] : []));
  if (JSON.stringify(said) !== JSON.stringify(thoughts))
    findings.push(wrong(`/events has ${JSON.stringify(thoughts)}, the stream ${JSON.stringify(said)}`));
  return findings;
};

/** A reload shows what those saw who came and went, and what they are told who come later. */
const judgeReload = ({ log, viewers }: RoundRecord, mission: MissionRecord): Finding[] =>
  differences(
    mission.mission,
    mission,
    log,
    viewers.filter(({ rendering }) => rendering === 'default'),
  ).map(wrong);

/** Whatever OpenCode has stored is in the log. */
const judgeOpenCode = ({ openCode, messages }: MissionRecord, rows: readonly Row[]): Finding[] => {
  const texts = messages.flatMap(({ id }) =>
    loggedFor(id, rows).items.flatMap((item) => ('text' in item ? [item.text] : [])),
  );
  const calls = rows.flatMap(({ event }) => (event.type === 'tool.called' ? [event.tool_call_id] : []));
  const missing = [
    ...openCode.texts.filter((text) => !takeOut(texts, text)),
    ...openCode.tools.filter((call) => !takeOut(calls, call)),
  ];
  return [
    ...missing.map((what): Finding => ({ sort: 'lost', text: `OpenCode has stored "${what}", the log has not` })),
    ...(openCode.isBusy ? [wrong('OpenCode is still busy with it')] : []),
    ...(openCode.sessions > 1 ? [byCount(openCode.sessions, 'OpenCode session')] : []),
  ];
};

const takeOut = (list: string[], what: string): boolean => {
  const at = list.indexOf(what);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
};

const wrong = (text: string): Finding => ({ sort: 'wrong', text });
const byCount = (count: number, what: string): Finding => ({
  sort: count < 1 ? 'lost' : 'doubled',
  text: `${what}: ${count} instead of 1`,
});
