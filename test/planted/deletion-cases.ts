import { expect } from 'vitest';
import { begun, type EdgeCase, tell } from './edge-cases.ts';

/** A dashboard that was away comes back after a mission was deleted. */
export const deletedMission: EdgeCase = async (edge) => {
  const { person, host, mission, rows } = await begun(edge);
  const before = await person.stream('?format=delta');
  await before.until(({ name }) => name === 'snapshot');
  const id = before.lastId() ?? '';
  before.close();
  await tell(host, 1, [rows.started, rows.called(1), rows.ended]);
  expect((await person.call('DELETE', `/api/control/missions/${mission}`)).status).toBe(200);

  const back = await person.stream('?format=delta', { 'last-event-id': id });

  await back.until(({ name }) => name === 'snapshot');
  const shown = back.events.filter(({ name, data }) => name !== 'status' && data.mission_id === mission);
  expect(
    shown.map(({ name }) => name),
    'what a stream shows of a deleted mission',
  ).toEqual(['mission.deleted']);
  back.close();
};
