// Steps that bring nothing, counted from OpenCode's stored events alone.
import { expect, test } from 'vitest';
import { isAbort } from '../../host-agent/missions/transcript/error-text.ts';
import { seriesOf } from '../../host-agent/missions/transcript/step.ts';
import { progressOf, translate } from '../../host-agent/missions/transcript/translate.ts';
import { newTranslation, type Translation } from '../../host-agent/missions/transcript/translation.ts';
import type { Durable } from '../../host-agent/opencode/api/events.ts';
import { historyRow } from '../../host-agent/opencode/api/events.ts';
import { commandNumber, turnNumber } from '../support/mission-fixture.ts';

/** A step as a test writes it: its `finish`, and what it brings. */
interface Step {
  finish?: string;
  text?: string;
  reasoning?: string;
  tool?: boolean;
  error?: string;
}

const root = 'ses_root';
const begin = (): Translation =>
  newTranslation(root, [['msg_user', { turn: turnNumber(1), command: commandNumber(1) }]]);

/** OpenCode's events of these steps, in the order it stores them: each message is updated twice at its end. */
const rowsOf = (steps: readonly Step[], session = root, parentID = 'msg_user'): Durable[] => {
  const events: [string, object][] = [['message.updated', { info: { role: 'user', id: parentID } }]];
  for (const [n, { finish, text, reasoning, tool, error }] of steps.entries()) {
    const id = `msg_${session}_${n}`;
    const info = { role: 'assistant', id, parentID, providerID: 'lab', modelID: 'm1', time: {} };
    const part = (fields: object) =>
      events.push(['message.part.updated', { part: { id: `prt_${id}_${events.length}`, messageID: id, ...fields } }]);
    events.push(['message.updated', { info }]);
    if (reasoning !== undefined) part({ type: 'reasoning', text: reasoning, time: { end: 1 } });
    if (text !== undefined) part({ type: 'text', text, time: { end: 1 } });
    if (tool) part({ type: 'tool', tool: 'bash', state: { status: 'completed', input: {}, output: 'ok' } });
    if (finish !== undefined) part({ type: 'step-finish', reason: finish, cost: 0, tokens: {} });
    const end = { ...info, finish, ...(error ? { error: { name: error } } : {}) };
    events.push(['message.updated', { info: end }], ['message.updated', { info: { ...end, time: { completed: 1 } } }]);
  }
  return events.map(([type, data], seq) =>
    historyRow.parse({ id: `evt_${session}_${seq}`, aggregate_id: session, seq, type, data }),
  );
};

const errorsIn = (state: Translation, rows: readonly Durable[]): string[] =>
  rows.flatMap((row) =>
    translate(state, row).flatMap((made) =>
      made.kind === 'event' && made.event.type === 'turn.error' ? [made.event.message] : [],
    ),
  );
const countOf = (steps: readonly Step[]): number => {
  const state = begin();
  errorsIn(state, rowsOf(steps));
  return seriesOf(state, turnNumber(1))?.count ?? 0;
};

const empty: Step = { finish: 'unknown' };
const text: Step = { finish: 'unknown', text: 'Hello.' };
const thought: Step = { finish: 'unknown', reasoning: 'Hm.' };
const tool: Step = { finish: 'tool-calls', tool: true };

test.each<[string, Step[], number]>([
  ['nothing', [], 0],
  ['three empty ones', [empty, empty, empty], 3],
  ['three with text and no end', [text, text, text], 3],
  ['a tool call that is none', [{ finish: 'tool-calls' }, { finish: 'tool-calls', text: 'I call.' }], 1],
  ['blank text, which is no content', [empty, { finish: 'unknown', text: ' \n' }], 2],
  ['a new kind of content, which begins anew', [empty, empty, thought, thought, text], 1],
  ['a kind that came before', [text, thought, text, thought], 3],
  ['a tool call, which is progress', [empty, empty, tool, empty], 1],
  ['a tool call with any end', [empty, { finish: 'unknown', tool: true }], 0],
  ['an end', [empty, { finish: 'stop', text: 'Done.' }], 0],
  ['an error, which is told as such', [empty, { error: 'APIError' }], 0],
  ["an abort, which is nobody's answer", [empty, empty, { error: 'MessageAbortedError' }], 2],
  ['one that was broken off in a pause, without an end', [empty, {}], 0],
  ['as many as there are', Array.from({ length: 50 }, () => empty), 50],
])('%s', (_what, steps, count) => {
  expect(countOf(steps)).toBe(count);
});

test('a replay, and every event twice, count the same', () => {
  const rows = rowsOf([tool, empty, empty, text, text]);
  const once = begin();
  const twice = begin();
  const errors = errorsIn(once, rows);
  const again = rows.flatMap((row) => [...errorsIn(twice, [row]), ...errorsIn(twice, [row])]);

  expect(again).toEqual(errors);
  expect(seriesOf(twice, turnNumber(1))).toEqual(seriesOf(once, turnNumber(1)));
});

test('a message whose first event says already how it ends is counted by what it brings until then', () => {
  const early = (steps: readonly Step[]): Durable[] => {
    const rows = rowsOf(steps);
    const ends = new Map(
      rows.flatMap(({ fact }) => (fact.kind === 'message' ? [[fact.message.id, fact] as const] : [])),
    );
    return rows.map((row) => ({
      ...row,
      fact: row.fact.kind === 'message' ? (ends.get(row.fact.message.id) ?? row.fact) : row.fact,
    }));
  };
  const steps = [
    { ...tool, reasoning: 'Let me see.' },
    { finish: 'stop', text: 'Done.' },
  ];

  expect(errorsIn(begin(), early(steps))).toEqual([]);
  expect(errorsIn(begin(), early([tool, empty, empty]))).toHaveLength(1);
  const state = begin();
  errorsIn(state, early([tool, empty, empty]));
  expect(seriesOf(state, turnNumber(1))?.count).toBe(2);
});

test('a person is told of the first one, once', () => {
  expect(errorsIn(begin(), rowsOf([empty, empty, tool, empty, text, text]))).toEqual([
    expect.stringMatching(/^The model lab\/m1 sent an answer that has no text, .*base URL/),
  ]);
  expect(errorsIn(begin(), rowsOf([tool, { finish: 'stop', text: 'Done.' }]))).toEqual([]);
});

test('each session of the tree counts for itself, and the longest series decides', () => {
  const state = begin();
  const [started, ...more] = rowsOf([{ finish: 'tool-calls', tool: true }]);
  for (const row of [started, ...more].filter((each) => each !== undefined)) translate(state, row);
  state.sessions.set('ses_child', { turn: turnNumber(1), call: 'prt_call' });

  const told = errorsIn(state, rowsOf([empty, empty], 'ses_child', 'msg_task'));

  expect(told).toEqual([expect.stringMatching(/^A sub-agent's model/)]);
  expect(progressOf(state, 'msg_user', commandNumber(1)).fruitless).toMatchObject({
    isSubAgents: true,
    series: { session: 'ses_child', count: 2 },
  });
});

test('what an abort broke off is not the answer, what came before is', () => {
  const state = begin();
  for (const row of rowsOf([text, { text: 'Hel', error: 'MessageAbortedError' }])) translate(state, row);
  const { last, hasAnswer } = progressOf(state, 'msg_user', commandNumber(1));

  expect(last?.error && isAbort(last.error)).toBe(true);
  expect(hasAnswer).toBe(true);
});

test('a step with a tool call and `stop` is no final answer: the next one is not its repetition', () => {
  const state = begin();
  const steps = [
    { finish: 'stop', tool: true },
    { finish: 'stop', text: 'It said ok.' },
  ];
  for (const row of rowsOf(steps)) translate(state, row);

  expect(progressOf(state, 'msg_user', commandNumber(1))).toMatchObject({ repeating: false, last: { finish: 'stop' } });
  expect([...state.assistantMessages.keys()]).toHaveLength(2);
});
