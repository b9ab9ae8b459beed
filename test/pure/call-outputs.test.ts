// From what the hands say of a call to what viewers are sent (host-agent/missions/transcript/outputs.ts).
import { expect, test } from 'vitest';
import type { HandsEvent } from '../../host-agent/hands/told.ts';
import { CallOutputs } from '../../host-agent/missions/transcript/outputs.ts';
import type { OutboxRow } from '../../host-agent/store/outbox-row.ts';
import { missionId } from '../../shared/ids.ts';
import { outputTailChars } from '../../shared/limits.ts';

const mission = missionId.parse('11111111-1111-4111-8111-111111111111');

const printed = (call: string, off: number, text: string): Extract<HandsEvent, { type: 'output' }> => {
  const ofCall = { number: 1, at: 1, owner: 'ada', mission, session: 's', message: 'msg', call };
  return { type: 'output', ...ofCall, off, text };
};

const result = (part: string): OutboxRow => ({
  at: 1,
  mission,
  event: { type: 'tool.result', tool_call_id: part, name: 'bash', result: 'x', failed: false },
});

const start = () => {
  const parts = new Map<string, { id: string; done: boolean }>();
  const sent: unknown[] = [];
  const outputs = new CallOutputs(
    {
      output: ({ call, off, text }, owner) => sent.push([call, off, text, owner]),
      outputEnded: (call) => sent.push(call),
    },
    mission,
    (message, call) => (message === 'msg' ? (parts.get(call) ?? null) : null),
  );
  return {
    outputs,
    sent: () => sent.splice(0),
    called: (call: string, id: string) => parts.set(call, { id, done: false }),
    parts,
  };
};

test('what is heard before the call is known waits for it, and what comes then goes on from there', () => {
  const { outputs, sent, called } = start();
  outputs.heard(printed('a', 0, 'one '));
  outputs.heard(printed('a', 4, 'two '));
  expect(sent()).toEqual([]);

  called('a', 'prt_a');
  outputs.stored([]);
  outputs.heard(printed('a', 8, 'three'));

  expect(sent()).toEqual([
    ['prt_a', 0, 'one two ', 'ada'],
    ['prt_a', 8, 'three', 'ada'],
  ]);
});

test('a call whose rows come together has its output before its end, and none behind it', () => {
  const { outputs, sent, called, parts } = start();
  outputs.heard(printed('a', 0, 'quick'));
  called('a', 'prt_a');
  parts.set('a', { id: 'prt_a', done: true });
  outputs.stored([result('prt_a')]);
  outputs.heard(printed('a', 5, 'too late'));
  outputs.again();

  expect(sent()).toEqual([['prt_a', 0, 'quick', 'ada'], 'prt_a']);
});

test('after a dial the end of what runs is said again, and of what has ended nothing', () => {
  const { outputs, sent, called } = start();
  called('a', 'prt_a');
  called('b', 'prt_b');
  outputs.heard(printed('a', 0, 'x'.repeat(outputTailChars)));
  outputs.heard(printed('a', outputTailChars, 'the end'));
  outputs.heard(printed('b', 0, 'ended'));
  outputs.stored([result('prt_b')]);
  sent();

  outputs.again();

  expect(sent()).toEqual([['prt_a', 7, `${'x'.repeat(outputTailChars - 7)}the end`, 'ada']]);
});

test('where the hands lost something it begins anew behind it', () => {
  const { outputs, sent, called } = start();
  outputs.heard(printed('a', 0, 'lost'));
  outputs.heard(printed('a', 1_000, 'kept'));
  called('a', 'prt_a');
  outputs.stored([]);

  expect(sent()).toEqual([['prt_a', 1_000, 'kept', 'ada']]);
});

test('hands of an older version, calls of others and many of them leave nothing behind', () => {
  const { outputs, sent, called } = start();
  called('a', 'prt_a');
  outputs.heard({ ...printed('a', 0, 'x'), off: undefined });
  for (let call = 0; call < 1_000; call++) outputs.heard(printed(`foreign ${call}`, 0, 'x'));
  outputs.clear();
  outputs.again();

  expect(sent()).toEqual([]);
});
