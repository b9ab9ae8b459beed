import { describe, expect, test } from 'vitest';
import { isSettled, judge, judgeEndless, settleMs } from '../../host-agent/missions/runner/outcome.ts';
import type { Situation } from '../../host-agent/missions/runner/situation.ts';
import type { Content } from '../../host-agent/missions/transcript/translation.ts';
import type { AssistantMessage, OpenCodeError } from '../../host-agent/opencode/api/events.ts';
import { resendMax, resendMs } from '../../shared/limits.ts';
import { turnNumber } from '../support/mission-fixture.ts';

const answer = (over: Partial<AssistantMessage> = {}): AssistantMessage => ({
  role: 'assistant',
  id: 'msg_2',
  parentID: 'msg_1',
  providerID: 'lab',
  modelID: 'm1',
  time: { completed: 5 },
  ...over,
});

const error = (name: string, message: string, statusCode?: number): OpenCodeError => ({
  name,
  data: { message, statusCode },
});
const aborted = error('MessageAbortedError', 'Aborted');
const interruption = error('UnknownError', 'Error: All fibers interrupted without error');

/** An idle session that has our message and its complete answer; each case changes what it is about. */
const situation = (over: Partial<Situation>): Situation => ({
  stored: true,
  newer: false,
  last: answer({ finish: 'stop' }),
  content: new Set<Content>(['text']),
  isBare: false,
  hasAnswer: true,
  fruitless: null,
  repeating: false,
  accepted: true,
  cancelled: false,
  sameProcess: true,
  error: null,
  sinceSentMs: 60_000,
  sinceSeenMs: 60_000,
  quietMs: 60_000,
  resends: 0,
  wanted: true,
  ...over,
});

const nothing: Partial<Situation> = { content: new Set(), isBare: true, hasAnswer: false };
const tool: Situation['content'] = new Set<Content>(['tool']);

const blocked = (text: RegExp) =>
  expect.objectContaining({ kind: 'end', outcome: 'blocked', text: expect.stringMatching(text) });
const ends = (outcome: string) => expect.objectContaining({ kind: 'end', outcome });

describe('no such message', () => {
  const none = { stored: false, last: null };
  test.each<[string, Partial<Situation>, unknown]>([
    ['never accepted, attached to: sent', { accepted: false, sinceSentMs: null }, { kind: 'send' }],
    [
      'never accepted, sent just now: waits',
      { accepted: false, sinceSentMs: 1_000 },
      { kind: 'wait', ms: resendMs - 1_000 },
    ],
    ['never accepted, sent long ago: sent again', { accepted: false }, { kind: 'send' }],
    [
      'never accepted, not known yet whether the edge still waits for it: waits',
      { accepted: false, sinceSentMs: null, wanted: null },
      { kind: 'wait', ms: resendMs },
    ],
    [
      'never accepted, the edge does not wait for it: interrupted, never sent',
      { accepted: false, sinceSentMs: null, wanted: false },
      ends('interrupted'),
    ],
    ['never accepted, sent often: failed', { accepted: false, resends: resendMax }, ends('failed')],
    ['never accepted, an error came: failed', { accepted: false, error: error('UnknownError', 'no') }, ends('failed')],
    ['accepted once: its store was lost', {}, ends('interrupted')],
    ['accepted once, on another process: its store was lost', { sameProcess: false }, ends('interrupted')],
    ['cancelled: cancelled', { accepted: false, cancelled: true }, ends('cancelled')],
  ])('%s', (_case, over, verdict) => {
    expect(judge(situation({ ...none, ...over }))).toEqual(verdict);
  });
});

describe('the message without an answer', () => {
  const none = { last: null, isBare: true };
  test.each<[string, Partial<Situation>, unknown]>([
    ['just sent: waits', { sinceSentMs: 4_000 }, { kind: 'wait', ms: resendMs - 4_000 }],
    ['just attached: waits too', { sinceSentMs: null, sinceSeenMs: 0 }, { kind: 'wait', ms: resendMs }],
    ['for long: sent again', {}, { kind: 'send' }],
    ['for long, on another process: sent again', { sameProcess: false, sinceSentMs: null }, { kind: 'send' }],
    ['sent three times more: failed', { resends: resendMax }, ends('failed')],
    ['an error came: failed', { error: error('UnknownError', 'Model not found: lab/nope.') }, ends('failed')],
    [
      'an error came at once: it may be the second one of the turn before',
      { error: error('UnknownError', 'boom'), sinceSentMs: 100 },
      { kind: 'wait', ms: settleMs - 100 },
    ],
    ['stopped, and nobody here did it: sent again to a renewed instance', { error: aborted }, { kind: 'renew' }],
    ['stopped once more: it is somebody else who wants it', { error: aborted, resends: 1 }, ends('interrupted')],
    ['stopped by a broken instance: sent again to a renewed one', { error: interruption }, { kind: 'renew' }],
    ['stopped so again: once more', { error: interruption, resends: 1 }, { kind: 'renew' }],
    ['stopped so as often as it may be sent: failed', { error: interruption, resends: resendMax }, ends('failed')],
    [
      'stopped so at once: it may be the second report of the turn before',
      { error: interruption, sinceSentMs: 100 },
      { kind: 'wait', ms: settleMs - 100 },
    ],
    [
      'stopped so, and the edge does not wait for it: never sent again',
      { error: interruption, wanted: false },
      ends('interrupted'),
    ],
    ['something newer is there: never sent again', { newer: true }, ends('interrupted')],
    ['cancelled: never sent again', { cancelled: true }, ends('cancelled')],
  ])('%s', (_case, over, verdict) => {
    expect(judge(situation({ ...none, ...over }))).toEqual(verdict);
  });
});

describe('an answer', () => {
  test.each<[string, Partial<Situation>, unknown]>([
    ['finished', {}, { kind: 'end', outcome: 'completed', text: '' }],
    ['finished, read by another process', { sameProcess: false }, ends('completed')],
    [
      'cut at its greatest length',
      { last: answer({ finish: 'length' }) },
      blocked(/cut off by the model's token limit/),
    ],
    [
      'cut before it said anything',
      { last: answer({ finish: 'length' }), ...nothing },
      blocked(/before it said anything, by the model's token limit/),
    ],
    [
      "cut by the provider's filter, an error to OpenCode",
      { last: answer({ finish: 'content-filter', error: error('ContentFilterError', 'blocked') }) },
      blocked(/cut off by the provider's content filter/),
    ],
    [
      'cut at its length, as an error',
      { last: answer({ error: error('MessageOutputLengthError', 'too long') }) },
      blocked(/token limit/),
    ],
    ['that is empty', nothing, blocked(/^The model's answer was empty/)],
    ['of thoughts alone', { content: new Set<Content>(['reasoning']), hasAnswer: false }, blocked(/after thinking/)],
    ['that says nothing after it said all before a tool call', { ...nothing, hasAnswer: true }, ends('completed')],
    ['with a tool call, after which OpenCode asked no more', { content: tool }, blocked(/never saw the result/)],
    ['with a tool call, on another process', { content: tool, sameProcess: false }, ends('interrupted')],
    ['with a tool call that a person rejected', { content: tool, rejected: true }, ends('interrupted')],
    ['without an end, after which OpenCode asked no more', { last: answer({ finish: 'unknown' }) }, blocked(/no end/)],
    ['that ended for a reason of its own kind', { last: answer({ finish: 'other' }) }, blocked(/\(other\)/)],
    ['that ended in an error', { last: answer({ finish: 'error' }) }, ends('failed')],
    [
      'with an error',
      { last: answer({ error: error('APIError', 'no credit', 402) }) },
      {
        kind: 'end',
        outcome: 'failed',
        text: 'OpenCode error: no credit (HTTP 402)',
      },
    ],
    ['aborted by nobody', { last: answer({ error: aborted }) }, ends('interrupted')],
    [
      'aborted by nobody, before it brought anything',
      { last: answer({ error: aborted }), ...nothing },
      { kind: 'renew' },
    ],
    [
      'aborted so, and OpenCode was restarted since',
      { last: answer({ error: aborted }), ...nothing, sameProcess: false },
      ends('interrupted'),
    ],
    [
      'cancelled',
      { last: answer({ error: aborted }), cancelled: true },
      {
        kind: 'end',
        outcome: 'cancelled',
        text: 'Task cancelled',
      },
    ],
    ['that finished before the wish to cancel took effect', { cancelled: true }, ends('cancelled')],
    [
      'between two steps, same process: stopped',
      { last: answer({ finish: 'tool-calls' }), content: tool },
      ends('interrupted'),
    ],
    [
      'between two steps, another process',
      { last: answer({ finish: 'tool-calls' }), sameProcess: false },
      ends('interrupted'),
    ],
    ['half way, another process', { last: answer({ time: {} }), sameProcess: false }, ends('interrupted')],
    [
      'half way, idle for a moment: its end may still come',
      { last: answer({ time: {} }), quietMs: 500 },
      {
        kind: 'wait',
        ms: settleMs - 500,
      },
    ],
    ['half way, idle for long', { last: answer({ time: {} }) }, ends('interrupted')],
    ['half way, an error came', { last: answer({ time: {} }), error: error('UnknownError', 'boom') }, ends('failed')],
  ])('%s', (_case, over, verdict) => {
    expect(judge(situation(over))).toEqual(verdict);
  });

  test('is never asked for again, whatever the circumstances', () => {
    for (const finish of [undefined, 'tool-calls', 'stop', 'unknown']) {
      for (const sameProcess of [true, false]) {
        for (const sinceSentMs of [null, 0, 1e9]) {
          const verdict = judge(situation({ last: answer({ finish }), sameProcess, sinceSentMs, accepted: false }));
          expect(verdict.kind).not.toBe('send');
        }
      }
    }
  });
});

test.each<[string, Partial<Situation>, boolean]>([
  ['an answer with an end', { quietMs: 0 }, true],
  ['an answer whose end may still be stored', { last: answer({ time: {} }), quietMs: 100 }, false],
  ['an answer without an end, for long', { last: answer({ time: {} }) }, true],
  ['a message that may be about to start', { last: null, quietMs: 100 }, false],
  ['a message that never started', { last: null }, true],
  ['a prompt that may be about to be stored', { stored: false, last: null, sinceSentMs: 100 }, false],
  ['a prompt that was never sent here', { stored: false, last: null, sinceSentMs: null }, true],
])('a stopped session is settled or not: %s', (_case, over, settled) => {
  expect(isSettled(situation(over))).toBe(settled);
});

describe('a turn that OpenCode would go on with for ever', () => {
  const series = (count: number) => ({
    isSubAgents: false,
    series: {
      session: 'ses_1',
      turn: turnNumber(1),
      count,
      content: new Set<Content>(),
      last: answer({ finish: 'unknown' }),
      told: true,
    },
  });
  test.each<[string, Partial<Situation>, number, unknown]>([
    ['goes on below the setting', { fruitless: series(2) }, 3, null],
    ['ends at the setting', { fruitless: series(3) }, 3, blocked(/lab\/m1 sent 3 answers in a row.*base URL/)],
    ['ends beyond it, as after a restart of ours', { fruitless: series(200) }, 3, blocked(/200 answers/)],
    ['goes on with 0', { fruitless: series(200) }, 0, null],
    ['that is repeated is its first answer, also with 0', { repeating: true }, 0, ends('completed')],
    ['that is repeated, and is empty', { repeating: true, ...nothing }, 0, blocked(/empty/)],
    ['has made progress', {}, 3, null],
  ])('%s', (_case, over, stopAfter, verdict) => {
    expect(judgeEndless(situation(over), stopAfter)).toEqual(verdict);
  });
});
