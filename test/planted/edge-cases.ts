// What the edge must never do, shown to it by a host-agent that a case plays itself.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { noUsage } from '../../shared/events.ts';
import { batch, hello } from '../fuzz/from-host.ts';
import type { HostDial } from '../fuzz/host-dial.ts';
import { storedEvents } from '../support/comparison.ts';
import type { Person } from '../support/person.ts';
import type { EdgeAlone } from './stage.ts';

/** One that is right passes; one with its bug fails at an `expect`. */
export type EdgeCase = (edge: EdgeAlone) => Promise<void>;

const run = 'r1';

const up = async (edge: EdgeAlone, more: object = {}): Promise<HostDial> => {
  const host = await edge.dial();
  host.send(JSON.stringify(hello(run, { ...more })));
  await host.next('welcome');
  return host;
};

/** Rows from number `from` on; resolves when they are acknowledged. */
export const tell = async (host: HostDial, from: number, rows: object[], ofRun = run): Promise<number> => {
  const before = host.frames.length;
  host.send(JSON.stringify(batch(ofRun, from, rows)));
  return (await host.next('ack', before)).n;
};

/** A message that the host has received, and the rows it may tell of it. */
export const begun = async (edge: EdgeAlone) => {
  const person = await edge.person('ada');
  const host = await up(edge);
  const { mission, message } = await person.say('hello');
  await host.next('commands');
  host.send(JSON.stringify({ type: 'received', ids: [message] }));
  const turn = randomUUID();
  const row = (event: object, src?: object) => ({ at: 1, mission, event, ...(src ? { src } : {}) });
  const rows = {
    started: row({ type: 'turn.started', command: message, turn, agent: null, model: null }),
    opened: row({ type: 'part.opened', turn, part: 'prt_1', kind: 'text' }),
    checkpoint: (off: number, text: string) => row({ type: 'part.checkpoint', part: 'prt_1', off, text }),
    called: (seq: number) =>
      row(
        { type: 'tool.called', turn, tool_call_id: 'prt_2', name: 'write', args: {} },
        { source: 's', session: 'ses_1', seq, event: `evt_${seq}`, index: 0 },
      ),
    ended: row({
      type: 'turn.ended',
      command: message,
      turn,
      outcome: 'completed',
      answer: [],
      text: 'Done.',
      model: null,
      usage: noUsage,
    }),
  };
  const live = { mission, command: message, turn, state: 'running', since: 1, last_activity: 1 };
  return { person, host, mission, message, live, rows };
};

const contents = async (person: Person, mission: string, type: string): Promise<string[]> =>
  (await storedEvents(person, mission)).filter(({ event_type }) => event_type === type).map(({ content }) => content);

/** The row has no source, so that its number alone tells. */
export const repeatedBatch: EdgeCase = async (edge) => {
  const { person, host, mission, rows } = await begun(edge);
  const { src: _, ...called } = rows.called(1);
  await tell(host, 1, [rows.started, called]);

  await tell(host, 1, [rows.started, called]);

  expect(await contents(person, mission, 'tool_call'), 'rows told twice').toEqual(['{}']);
};

export const restoredHost: EdgeCase = async (edge) => {
  const { person, host, mission, message, live, rows } = await begun(edge);
  await tell(host, 1, [rows.started, rows.called(5)]);
  host.cut();

  const again = await edge.dial();
  const report = { welcomed_run: run, commands: [message], turns: [live] };
  again.send(JSON.stringify(hello('r2', report)));
  await again.next('welcome');
  await tell(again, 1, [rows.called(5)], 'r2');

  expect(await contents(person, mission, 'tool_call'), 'a fact told under two numbers').toEqual(['{}']);
};

export const killedAtAck: EdgeCase = async (edge) => {
  const { person, host, mission, message, live, rows } = await begun(edge);

  const acknowledged = await tell(host, 1, [rows.started, rows.called(1)]);
  await edge.kill();
  await edge.start();

  const again = await edge.dial();
  again.send(JSON.stringify(hello(run, { welcomed_run: run, runs: [run], commands: [message], turns: [live] })));
  const { runs } = await again.next('welcome');
  expect(runs, 'what was acknowledged').toEqual([{ run, n: acknowledged }]);
  expect(await contents(person, mission, 'tool_call')).toEqual(['{}']);
};

export const overlappingText: EdgeCase = async (edge) => {
  const { person, host, mission, rows } = await begun(edge);

  await tell(host, 1, [rows.started, rows.opened, rows.checkpoint(0, 'Hello '), rows.checkpoint(0, 'Hello world')]);

  expect(await contents(person, mission, 'thinking'), 'text told twice').toEqual(['Hello world']);
};

export const restoredEdge: EdgeCase = async (edge) => {
  const person = await edge.person('ada');
  const { mission, message } = await person.say('A message that waits for its server.');
  await edge.kill();
  const yesterday = edge.objects.backup();
  await edge.start();
  expect((await person.call('DELETE', `/api/control/queue/${message}`)).status).toBe(200);
  const host = await up(edge);
  const { log, segment } = await host.next('welcome');
  host.cut();
  await edge.kill();
  edge.objects.restore(yesterday);
  await edge.start();

  const again = await edge.dial();
  again.send(JSON.stringify(hello(run, { welcomed_run: run, segment })));
  const welcome = await again.next('welcome');

  expect(welcome.log, 'the log of an edge that was rolled back').not.toBe(log);
  const answers = await contents(person, mission, 'assistant_message');
  expect(answers, 'a message that was removed meanwhile').toEqual([expect.stringMatching(/may have been removed/)]);
};

export const absentCommand: EdgeCase = async (edge) => {
  const { person, host, mission, rows } = await begun(edge);
  host.cut();

  const again = await up(edge, { welcomed_run: run, commands: [], at: { run, n: 2 } });
  await tell(again, 1, [rows.started, rows.ended]);

  expect(await contents(person, mission, 'assistant_message'), 'a turn that had ended').toEqual(['Done.']);
};

export const otherUser: EdgeCase = async (edge) => {
  const [ada, bob] = [await edge.person('ada'), await edge.person('bob')];
  // A stream holds the servers that have something of its user.
  const own = await bob.say('Mine.');
  const stream = await bob.stream('?format=delta');
  await stream.until(({ name }) => name === 'snapshot');
  const secret = await ada.say('Only for Ada.');

  await bob.say('Mine too.', own.mission);

  const isOf =
    (id: string) =>
    ({ data }: { data: Record<string, unknown> }): boolean =>
      data.mission_id === id;
  await stream.until((event) => event.name === 'message.kept' && isOf(own.mission)(event));
  expect(stream.events.filter(isOf(secret.mission)), "another user's events").toEqual([]);
  stream.close();
};
