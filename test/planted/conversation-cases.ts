// What the check of all suites has to see: conversations that a reload shows otherwise than the streams did.
import { randomUUID } from 'node:crypto';
import { expectSameConversations } from '../support/witness.ts';
import { begun, type EdgeCase, tell } from './edge-cases.ts';

/** Two messages, the second said while the first is answered, and an answer that is a text of its own. */
export const sameOnReload: EdgeCase = async (edge) => {
  const witness = await edge.witness('ada');
  const { person, host, mission, rows } = await begun(edge);
  await tell(host, 1, [rows.started]);
  const second = await person.say('And what else?', mission);

  const closed = { type: 'part.closed', part: 'prt_1', off: 0, text: 'Hello world', length: 11 };
  const ended = { ...rows.ended, event: { ...rows.ended.event, answer: ['prt_1'], text: '' } };
  await tell(host, 2, [rows.opened, { at: 1, mission, event: closed }, ended]);
  host.send(JSON.stringify({ type: 'received', ids: [second.message] }));
  const turn = randomUUID();
  const ofSecond = (event: object) => ({ at: 1, mission, event: { ...event, command: second.message, turn } });
  await tell(host, 5, [ofSecond(rows.started.event), ofSecond(rows.ended.event)]);
  await expectSameConversations([witness]);
};
