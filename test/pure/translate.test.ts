import { describe, expect, test } from 'vitest';
import { partOfDelta, progressOf, translate } from '../../host-agent/missions/transcript/translate.ts';
import { closingParts, forgetTurn, usageOf } from '../../host-agent/missions/transcript/translation.ts';
import type { Durable } from '../../host-agent/opencode/api/events.ts';
import { commandNumber, madeOf, scenario, turnNumber } from '../support/mission-fixture.ts';

const names = [
  'text',
  'reasoning-and-text',
  'tool-write',
  'bash-output',
  'provider-error',
  'retry',
  'abort-mid-text',
  'two-messages',
  'subagent',
  'nested-subagents',
  'unknown-tool',
  'cut-then-retry',
];

/** The story of a scenario in a few words for each thing made. */
const story = (name: string): string[] => {
  const { begin, live } = scenario(name);
  return madeOf(begin(), live).flatMap(({ made }) =>
    made.map((each) => {
      if (each.kind === 'close') return `close ${each.text === null ? '(no text)' : JSON.stringify(each.text)}`;
      const { event } = each;
      switch (event.type) {
        case 'part.opened':
          return `open ${event.kind}${event.parent_call ? ' of a sub-agent' : ''}`;
        case 'tool.called':
          return `call ${event.name}`;
        case 'tool.result':
          return `result ${event.name}${event.failed ? ' failed' : ''}`;
        case 'turn.cost':
          return `cost ${event.usage.cost_usd.toFixed(6)} in ${event.usage.input} out ${event.usage.output} cached ${event.usage.cache_read}`;
        case 'turn.error':
          return `error ${event.message}`;
        default:
          return event.type;
      }
    }),
  );
};

const oneCost = 'cost 0.000102 in 80 out 10 cached 20';
const twoCosts = 'cost 0.000204 in 160 out 20 cached 40';

const stories: Record<string, string[]> = {
  text: ['turn.accepted', 'open text', 'close "Hello there, dear reader."', oneCost],
  'reasoning-and-text': [
    'turn.accepted',
    'open reasoning',
    'close "Let me think first."',
    'open text',
    'close "The answer is 42."',
    oneCost,
  ],
  'tool-write': [
    'turn.accepted',
    'open text',
    'call write',
    'close "I write a file."',
    'result write',
    oneCost,
    'open text',
    'close "Written."',
    twoCosts,
  ],
  'bash-output': ['turn.accepted', 'call bash', 'result bash', oneCost, 'open text', 'close "Printed."', twoCosts],
  'provider-error': ['turn.accepted', 'error OpenCode error: scripted error 400 (HTTP 400)'],
  retry: ['turn.accepted', 'open text', 'close "After the retry."', oneCost],
  'abort-mid-text': ['turn.accepted', 'open text', 'close "one two three"'],
  'two-messages': [
    'turn.accepted',
    'open text',
    'close "First answer."',
    oneCost,
    'turn.accepted',
    'open text',
    'close "Second answer."',
    oneCost,
  ],
  subagent: [
    'turn.accepted',
    'open text',
    'call task',
    'close "I delegate."',
    'open text of a sub-agent',
    'close "The child says hi."',
    oneCost,
    'result task',
    twoCosts,
    'open text',
    'close "The child is done."',
    'cost 0.000306 in 240 out 30 cached 60',
  ],
  'unknown-tool': [
    'turn.accepted',
    'call invalid',
    'result invalid',
    oneCost,
    'open text',
    'close "No such tool."',
    twoCosts,
  ],
};

describe.each(Object.keys(stories))('%s', (name) => {
  test('tells its story', () => {
    expect(story(name)).toEqual(stories[name]);
  });
});

test('a text that a broken stream left behind ends without words of its own', () => {
  const told = story('cut-then-retry');

  expect(told).toContain('close (no text)');
  expect(told.filter((each) => each === 'open text')).toHaveLength(
    told.filter((each) => each.startsWith('close')).length,
  );
});

test.each(names)('%s: the history says the same as the stream', (name) => {
  const { begin, live, history } = scenario(name);
  const bySession = (rows: readonly Durable[]) =>
    madeOf(begin(), rows)
      .filter(({ made }) => made.length > 0)
      .sort((a, b) => (a.at.split(' ')[0] ?? '').localeCompare(b.at.split(' ')[0] ?? ''));

  // Between sessions the order may differ, and with it which one's cost is added first.
  const withoutSums = (told: ReturnType<typeof bySession>) =>
    told.map(({ at, made }) => ({
      at,
      made: made.map((each) => (each.kind === 'event' && each.event.type === 'turn.cost' ? 'cost' : each)),
    }));
  expect(withoutSums(bySession(history))).toEqual(withoutSums(bySession(live)));
  expect(history.length).toBeGreaterThanOrEqual(live.length - 1);
});

test.each(names)('%s: a translation rebuilt from any prefix goes on as if it had never stopped', (name) => {
  const { begin, live } = scenario(name);
  const whole = madeOf(begin(), live);

  for (let cut = 0; cut <= live.length; cut++) {
    const state = begin();
    for (const row of live.slice(0, cut)) translate(state, row);
    const rest = madeOf(state, live.slice(cut));
    const known = new Set(live.slice(0, cut).map((row) => `${row.session} ${row.seq}`));
    expect(rest).toEqual(whole.filter(({ at }) => !known.has(at)));
  }
});

test.each(names)('%s: every call has one result after it, and no part ends that was not opened', (name) => {
  const { begin, live } = scenario(name);
  const events = madeOf(begin(), live).flatMap(({ made }) => made);

  const called: string[] = [];
  const answered: string[] = [];
  const opened: string[] = [];
  for (const each of events) {
    if (each.kind === 'close') expect(opened).toContain(each.part);
    else if (each.event.type === 'part.opened') opened.push(each.event.part);
    else if (each.event.type === 'tool.called') called.push(each.event.tool_call_id);
    else if (each.event.type === 'tool.result') {
      expect(called).toContain(each.event.tool_call_id);
      answered.push(each.event.tool_call_id);
    }
  }
  expect(answered.toSorted()).toEqual([...new Set(called)].toSorted());
});

test('deltas joined are the text of their part, and belong to no other', () => {
  for (const name of names.filter((each) => each !== 'cut-then-retry')) {
    const { begin, frames } = scenario(name);
    const state = begin();
    const texts = new Map<string, string>();
    for (const frame of frames) {
      if (frame.kind === 'delta') {
        const part = partOfDelta(state, frame.part);
        expect(part).toBe(frame.part);
        texts.set(frame.part, (texts.get(frame.part) ?? '') + frame.text);
      } else if (frame.kind === 'durable') {
        for (const made of translate(state, frame)) {
          if (made.kind === 'close' && made.text !== null) expect(texts.get(made.part)).toBe(made.text);
        }
      }
    }
    if (name !== 'provider-error') expect(texts.size).toBeGreaterThan(0);
  }
});

test('the answer is the text of the last message in the mission itself, not of a sub-agent', () => {
  const { begin, live } = scenario('subagent');
  const state = begin();
  const texts = new Map<string, string>();
  for (const row of live) {
    for (const made of translate(state, row)) if (made.kind === 'close') texts.set(made.part, made.text ?? '');
  }

  expect(closingParts(state, turnNumber(1)).map((part) => texts.get(part))).toEqual(['The child is done.']);
  expect(usageOf(state, turnNumber(1)).cost_usd).toBeCloseTo(0.000306, 9);
});

test("a sub-agent's sub-agent hangs below the call that started it, and its cost counts", () => {
  const { begin, live } = scenario('nested-subagents');
  const state = begin();
  const events = madeOf(state, live).flatMap(({ made }) =>
    made.flatMap((each) => (each.kind === 'event' ? [each.event] : [])),
  );
  const calls = events.flatMap((event) => (event.type === 'tool.called' ? [event] : []));
  const [outer, inner] = calls.filter(({ name }) => name === 'task');

  expect(outer).toMatchObject({ args: { subagent_type: 'deputy' } });
  expect(outer).not.toHaveProperty('parent_call');
  expect(inner).toMatchObject({ args: { subagent_type: 'general' }, parent_call: outer?.tool_call_id });
  expect(events.flatMap((event) => (event.type === 'part.opened' ? [event.parent_call] : []))).toEqual([
    inner?.tool_call_id,
    outer?.tool_call_id,
    undefined,
  ]);
  const costs = events.flatMap((event) =>
    event.type === 'tool.result' && event.name === 'task' ? [event.cost_usd] : [],
  );
  expect(costs).toEqual([expect.closeTo(0.000102, 9), expect.closeTo(4 * 0.000102, 9)]);
  // Seven model calls: three of the mission's agent, three of its deputy, one of the deputy's helper.
  expect(usageOf(state, turnNumber(1)).cost_usd).toBeCloseTo(7 * 0.000102, 9);
});

test('the arguments and the result of a tool are what OpenCode stored', () => {
  const { begin, live } = scenario('tool-write');
  const events = madeOf(begin(), live).flatMap(({ made }) =>
    made.flatMap((each) => (each.kind === 'event' ? [each.event] : [])),
  );

  expect(events.find((event) => event.type === 'tool.called')).toMatchObject({
    name: 'write',
    args: { content: 'one\ntwo\n' },
  });
  expect(events.find((event) => event.type === 'tool.result')).toMatchObject({
    name: 'write',
    result: 'Wrote file successfully.',
    failed: false,
  });
});

test('progress says what OpenCode has stored of a message', () => {
  const { begin, live } = scenario('two-messages');
  const state = begin();
  const [first = '', second = ''] = [...state.prompts.keys()];
  expect(progressOf(state, first, commandNumber(1))).toEqual({
    stored: false,
    newer: false,
    last: null,
    content: new Set(),
    isBare: true,
    hasAnswer: false,
    fruitless: null,
    repeating: false,
  });

  for (const row of live) translate(state, row);

  expect(progressOf(state, first, commandNumber(1))).toMatchObject({
    stored: true,
    newer: true,
    last: { finish: 'stop' },
  });
  expect(progressOf(state, second, commandNumber(2))).toMatchObject({
    stored: true,
    newer: false,
    last: { finish: 'stop' },
  });
});

test('an answer that OpenCode begins anew after the final one adds nothing, and is said', () => {
  const { begin, live } = scenario('text');
  const state = begin();
  const first = [...state.prompts.keys()][0] ?? '';
  for (const row of live) translate(state, row);
  const again = live.map((row) =>
    JSON.parse(
      JSON.stringify(row)
        .replaceAll(/msg_(?!01)(\w+)/g, 'msg_9$1')
        .replaceAll('prt_', 'prt_9'),
    ),
  );

  expect(madeOf(state, again)).toEqual([]);

  expect(progressOf(state, first, commandNumber(1))).toMatchObject({ repeating: true, last: { finish: 'stop' } });
});

test('a forgotten turn adds nothing more, whatever comes late', () => {
  const { begin, live } = scenario('subagent');
  const state = begin();
  for (const row of live) translate(state, row);

  forgetTurn(state, turnNumber(1));

  expect(state.parts.size + state.assistantMessages.size + state.steps.size).toBe(0);
  expect(madeOf(state, live)).toEqual([]);
});
