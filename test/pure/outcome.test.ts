import { describe, expect, test } from 'vitest';
import { isSettled, judge, type Situation, settleMs } from '../../host-agent/missions/outcome.ts';
import type { AssistantMessage, OpenCodeError } from '../../host-agent/opencode/events.ts';
import { resendMax, resendMs } from '../../shared/limits.ts';

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

/** An idle session that has our message and its complete answer; each case changes what it is about. */
const situation = (over: Partial<Situation>): Situation => ({
  stored: true,
  newer: false,
  last: answer({ finish: 'stop' }),
  repeating: false,
  accepted: true,
  cancelled: false,
  sameInstance: true,
  error: null,
  sinceSentMs: 60_000,
  sinceSeenMs: 60_000,
  quietMs: 60_000,
  resends: 0,
  wanted: true,
  ...over,
});

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
    ['accepted once, on another process: its store was lost', { sameInstance: false }, ends('interrupted')],
    ['cancelled: cancelled', { accepted: false, cancelled: true }, ends('cancelled')],
  ])('%s', (_case, over, verdict) => {
    expect(judge(situation({ ...none, ...over }))).toEqual(verdict);
  });
});

describe('the message without an answer', () => {
  const none = { last: null };
  test.each<[string, Partial<Situation>, unknown]>([
    ['just sent: waits', { sinceSentMs: 4_000 }, { kind: 'wait', ms: resendMs - 4_000 }],
    ['just attached: waits too', { sinceSentMs: null, sinceSeenMs: 0 }, { kind: 'wait', ms: resendMs }],
    ['for long: sent again', {}, { kind: 'send' }],
    ['for long, on another process: sent again', { sameInstance: false, sinceSentMs: null }, { kind: 'send' }],
    ['sent three times more: failed', { resends: resendMax }, ends('failed')],
    ['an error came: failed', { error: error('UnknownError', 'Model not found: lab/nope.') }, ends('failed')],
    [
      'an error came at once: it may be the second one of the turn before',
      { error: error('UnknownError', 'boom'), sinceSentMs: 100 },
      { kind: 'wait', ms: settleMs - 100 },
    ],
    ['aborted by somebody: interrupted', { error: aborted }, ends('interrupted')],
    ['something newer is there: never sent again', { newer: true }, ends('interrupted')],
    ['cancelled: never sent again', { cancelled: true }, ends('cancelled')],
  ])('%s', (_case, over, verdict) => {
    expect(judge(situation({ ...none, ...over }))).toEqual(verdict);
  });
});

describe('an answer', () => {
  test.each<[string, Partial<Situation>, unknown]>([
    ['finished', {}, { kind: 'end', outcome: 'completed', text: '' }],
    ['finished, read by another process', { sameInstance: false }, ends('completed')],
    ['cut at its greatest length', { last: answer({ finish: 'length' }) }, ends('completed')],
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
      'cancelled',
      { last: answer({ error: aborted }), cancelled: true },
      {
        kind: 'end',
        outcome: 'cancelled',
        text: 'Task cancelled',
      },
    ],
    ['that finished before the wish to cancel took effect', { cancelled: true }, ends('cancelled')],
    ['between two steps, same process: stopped', { last: answer({ finish: 'tool-calls' }) }, ends('interrupted')],
    [
      'between two steps, another process',
      { last: answer({ finish: 'tool-calls' }), sameInstance: false },
      ends('interrupted'),
    ],
    ['half way, another process', { last: answer({ time: {} }), sameInstance: false }, ends('interrupted')],
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
      for (const sameInstance of [true, false]) {
        for (const sinceSentMs of [null, 0, 1e9]) {
          const verdict = judge(situation({ last: answer({ finish }), sameInstance, sinceSentMs, accepted: false }));
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
