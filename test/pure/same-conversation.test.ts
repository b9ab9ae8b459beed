import { expect, test } from 'vitest';
import type { HistoryEntry } from '../../shared/api.ts';
import type { StoredEvent } from '../support/comparison.ts';
import { Reading } from '../support/reading.ts';
import { differences } from '../support/same-conversation.ts';

/** A stored event before it has its number. */
type Told = Pick<StoredEvent, 'id' | 'event_type' | 'event_id' | 'content' | 'tool_call_id' | 'tool_name' | 'metadata'>;

const mission = 'm';
const [a, b] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];
const turn = (command: string): string => command.replace('4000', '4444');
const usage = { cost_usd: 0, input: 0, output: 0, reasoning: 0, cache_read: 0, cache_write: 0 };

/** Two messages, the second while the first was answered, as both streams show them. */
const seen = () => {
  const [log, apps] = [new Reading('delta'), new Reading('default')];
  for (const reading of [log, apps]) reading.take({ id: 'l.s.0', name: '', data: {} });
  const row = (seq: number, type: string, data: object): void =>
    log.take({
      id: `l.s.${seq}`,
      name: type,
      data: { seq, mission_id: mission, sequence: null, at: 1, type, ...data },
    });
  const app = (seq: number, name: string, data: object): void =>
    apps.take({ id: `l.s.${seq}`, name, data: { type: name, mission_id: mission, ...data } });
  const answer = { success: true, cost_cents: 0, model: null };
  row(1, 'message.kept', { command: a, content: 'A', agent: null, queued: false });
  row(2, 'turn.started', { command: a, turn: turn(a), agent: null, model: null, content: 'A' });
  app(2, 'user_message', { id: a, content: 'A', queued: false });
  row(3, 'message.kept', { command: b, content: 'B', agent: null, queued: true });
  app(3, 'user_message', { id: b, content: 'B', queued: true });
  const ended = { outcome: 'completed', answer: [], model: null, usage };
  row(4, 'turn.ended', { command: a, turn: turn(a), text: 'answer A', ...ended });
  app(4, 'assistant_message', { id: turn(a), content: 'answer A', ...answer });
  row(5, 'turn.started', { command: b, turn: turn(b), agent: null, model: null, content: 'B' });
  app(5, 'user_message', { id: b, content: 'B', queued: false });
  return { log, apps };
};

const stored = (
  seq: number,
  event_type: string,
  event_id: string,
  content: string,
  metadata: Record<string, unknown>,
): Told => ({
  id: seq,
  event_type,
  event_id,
  content,
  tool_call_id: null,
  tool_name: null,
  metadata,
});
const message = (seq: number, id: string, content: string, queued = false) =>
  stored(seq, 'user_message', id, content, { queued });
const answerA = stored(4, 'assistant_message', turn(a), 'answer A', {
  success: true,
  cost_cents: 0,
  model: null,
  resumable: false,
});
const reload = (...events: Told[]) => ({
  stored: events.map((event, index) => ({ ...event, sequence: index + 1 })),
  history: events.map(
    ({ event_type, content, metadata }): HistoryEntry => ({
      role: event_type === 'user_message' ? 'user' : 'assistant',
      content,
      ...(metadata.queued === true ? { queued: true } : {}),
    }),
  ),
});
const found = (reloaded: ReturnType<typeof reload>): string[] => {
  const { log, apps } = seen();
  return differences(mission, reloaded, log, [apps]);
};

test('a reload that shows what both streams did is the same', () => {
  expect(found(reload(message(2, a, 'A'), answerA, message(5, b, 'B')))).toEqual([]);
});

test.for([
  ['another order', reload(message(2, a, 'A'), message(5, b, 'B'), answerA)],
  ['another text', reload(message(2, a, 'A'), answerA, message(5, b, 'b'))],
  ['one that is missing', reload(message(2, a, 'A'), answerA)],
  ['one too many', reload(message(2, a, 'A'), answerA, message(5, b, 'B'), message(5, b, 'B'))],
  ['one that waits, though its turn has begun', reload(message(2, a, 'A'), answerA, message(3, b, 'B', true))],
  ['another outcome', reload(message(2, a, 'A'), { ...answerA, metadata: { success: false } }, message(5, b, 'B'))],
] as const)('a reload with %s is not', ([, reloaded]) => {
  expect(found(reloaded).length).toBeGreaterThan(0);
});

test('a reload with another history, or numbers with a hole, is not', () => {
  const right = reload(message(2, a, 'A'), answerA, message(5, b, 'B'));

  expect(found({ ...right, history: right.history.toReversed() })).toHaveLength(1);
  expect(
    found({ ...right, stored: right.stored.map((event) => ({ ...event, sequence: event.sequence * 2 })) }),
  ).toHaveLength(1);
});

test('what the apps were shown in another order than the log has is not the same', () => {
  const { log, apps } = seen();
  const told = [...apps.told.slice(0, 2), ...apps.told.slice(2).toReversed()];
  const swapped = Object.assign(new Reading('default'), { told, joinedAt: apps.joinedAt });

  expect(differences(mission, reload(message(2, a, 'A'), answerA, message(5, b, 'B')), log, [swapped])).toEqual([
    expect.stringContaining("the apps' stream"),
    expect.stringContaining("the apps' stream"),
  ]);
});
