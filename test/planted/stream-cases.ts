// What streams cost and keep: one too many, and one that comes back.
import { expect } from 'vitest';
import { begun, type EdgeCase, tell } from './edge-cases.ts';

/** The second one of a user who may have one. */
export const cappedStreams: EdgeCase = async (edge) => {
  const person = await edge.person('ada');
  expect((await person.call('PUT', '/api/quotas/ada', { streams: 1 })).status).toBe(200);
  const first = await person.stream('?format=delta');
  await first.until(({ name }) => name === 'snapshot' || name === 'status');

  const second = await person.open('GET', '/api/control/stream?format=delta');

  expect(second.status, 'a stream for which its user has no room').toBe(429);
  await second.body?.cancel();
  first.close();
};

/** A dashboard comes back with the last id that it has seen. */
export const resumedStream: EdgeCase = async (edge) => {
  const { person, host, rows } = await begun(edge);
  const before = await person.stream('?format=delta');
  await before.until(({ name }) => name === 'snapshot');
  await tell(host, 1, [rows.started]);
  await before.until(({ name }) => name === 'turn.started');
  const id = before.lastId() ?? '';
  before.close();
  await tell(host, 2, [rows.called(1), rows.ended]);

  const back = await person.stream('?format=delta', { 'last-event-id': id });

  await back.until(({ name }) => name === 'snapshot');
  const shown = back.events.map(({ name }) => name).filter((name) => name.startsWith('t'));
  expect(shown, 'what a stream shows behind its cursor').toEqual(['tool.called', 'turn.ended']);
  back.close();
};
