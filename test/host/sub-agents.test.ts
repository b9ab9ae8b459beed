import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostEvent } from '../../shared/events.ts';
import { deputy, startLab } from '../support/lab.ts';
import { optionsFor, say, startHost, texts } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab({ config: deputy });
});
afterAll(() => lab.close());

const tool = (name: string, args: object): string => `TOOL ${name} ${JSON.stringify(args)}`;
const todowrite = (...entries: [string, string][]): string =>
  tool('todowrite', { todos: entries.map(([content, status]) => ({ content, status, priority: 'high' })) });
const task = (agent: string, ...prompt: string[]): string =>
  tool('task', { description: `Ask ${agent}`, prompt: prompt.join('\n'), subagent_type: agent });

const ofType = <T extends HostEvent['type']>(events: HostEvent[], type: T): Extract<HostEvent, { type: T }>[] =>
  events.filter((event): event is Extract<HostEvent, { type: T }> => event.type === type);

test('sub-agents of sub-agents count in cost, and to-do lists are right, also when the host-agent was away in between', async () => {
  const options = optionsFor(lab.openCode);
  const first = startHost(options);
  const command = say(
    [
      todowrite(['Ask', 'in_progress']),
      task(
        'deputy',
        todowrite(["The deputy's own", 'pending']),
        task('general', 'WAIT nested', 'SAY Deep.'),
        'SAY Up.',
      ),
      todowrite(['Ask', 'completed'], ['Answer', 'in_progress']),
      'WAIT listed',
      'SAY Done.',
    ].join('\n'),
  );
  first.give(command);
  first.dispatch.welcome();
  await lab.model.reached('nested');
  expect(await first.event('turn.todos', command.mission)).toMatchObject({
    todos: [{ content: 'Ask', status: 'in_progress' }],
  });
  await first.drop();
  lab.model.release('nested');
  await lab.model.reached('listed');

  const second = startHost(options);
  second.dispatch.welcome();
  await second.event('part.opened', command.mission);
  lab.model.release('listed');
  const ended = await second.ended(command.id);

  expect(ended.outcome).toBe('completed');
  const events = second.events(command.mission);
  expect(ofType(events, 'turn.todos').map(({ todos }) => todos)).toEqual([
    [{ content: 'Ask', status: 'in_progress' }],
    [
      { content: 'Ask', status: 'completed' },
      { content: 'Answer', status: 'in_progress' },
    ],
  ]);
  expect(texts(second, command.mission)).toEqual(['Deep.', 'Up.', 'Done.']);
  const calls = ofType(events, 'tool.called');
  const [outer, inner] = calls.filter(({ name }) => name === 'task');
  expect(calls.map(({ name, parent_call }) => [name, parent_call])).toEqual([
    ['todowrite', undefined],
    ['task', undefined],
    ['todowrite', outer?.tool_call_id],
    ['task', outer?.tool_call_id],
    ['todowrite', undefined],
  ]);
  expect(ofType(events, 'part.opened').map(({ parent_call }) => parent_call)).toEqual([
    inner?.tool_call_id,
    outer?.tool_call_id,
    undefined,
  ]);
  // Eight model calls: four of the mission's agent, three of its deputy, one of the deputy's helper; 80 in, 10 out, 20
  // cached each.
  expect(lab.model.requests).toHaveLength(8);
  expect(ended.usage).toMatchObject({ input: 640, output: 80, cache_read: 160 });
  expect(ended.usage.cost_usd).toBeCloseTo(8 * 0.000102, 9);
});
