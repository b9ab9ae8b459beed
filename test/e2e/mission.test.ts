import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answered, type Person, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let me: Person;

beforeAll(async () => {
  stack = await startStack();
  me = await stack.person();
});
afterAll(() => stack.close());

const storedEvents = async (mission: string) => (await me.call('GET', `/api/control/missions/${mission}/events`)).json;
const typesOf = (events: { event_type: string }[]) => events.map(({ event_type }) => event_type);

test('a message is answered: text streams, is stored, and the mission is completed', async () => {
  const stream = await me.stream();
  const { mission, message, queued } = await me.say('REASON Let me think.\nSAY Hello out there.');
  const answer = await stream.until(answered(mission));

  expect(queued).toBe(false);
  expect(answer.data).toMatchObject({ content: 'Hello out there.', success: true, model: 'lab/m1', cost_cents: 0 });
  const names = stream.events.filter(({ data }) => data.mission_id === mission).map(({ name }) => name);
  const order = ['user_message', 'agent_phase', 'thinking', 'mission_status_changed', 'assistant_message'];
  expect(order.map((name) => names.indexOf(name))).toEqual(
    order.map((name) => names.indexOf(name)).toSorted((a, b) => a - b),
  );
  expect(names).not.toContain(undefined);
  expect(stream.events[0]).toMatchObject({ name: 'status' });
  expect(stream.events.find(({ name }) => name === 'user_message')?.data).toMatchObject({ id: message, queued: false });
  await stream.until(({ name, data }) => name === 'status' && data.state === 'idle' && data.mission_id === mission);
  stream.close();

  const events = await storedEvents(mission);
  expect(typesOf(events)).toEqual([
    'user_message',
    'thinking',
    'thinking',
    'mission_status_changed',
    'assistant_message',
  ]);
  expect(events[1]).toMatchObject({ content: 'Let me think.', metadata: { done: true } });
  expect(events[2]).toMatchObject({ content: 'Hello out there.', metadata: { done: true } });
  expect((await me.call('GET', `/api/control/missions/${mission}`)).json).toMatchObject({
    status: 'completed',
    resumable: false,
    workspace_name: 'host',
    history: [{ role: 'user' }, { role: 'assistant', content: 'Hello out there.' }],
  });
  expect((await me.call('GET', '/api/control/running')).json).toEqual([]);
});

test('a tool writes a file in the mission directory, and its call and result are shown once each', async () => {
  const stream = await me.stream('?format=delta');
  const { mission } = await me.say('TOOL write {"filePath":"hello.txt","content":"from the agent"}\nSAY Written.');
  await stream.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  stream.close();

  expect(readFileSync(join(stack.missionDirectory(mission), 'hello.txt'), 'utf8')).toBe('from the agent');
  expect(existsSync(join(stack.missionDirectory(mission), '.git'))).toBe(true);
  const events = await storedEvents(mission);
  expect(typesOf(events).filter((type: string) => type.startsWith('tool_'))).toEqual(['tool_call', 'tool_result']);
  expect(events.find((event: { event_type: string }) => event.event_type === 'tool_call')).toMatchObject({
    tool_name: 'write',
  });
});

test('a refusal of the provider ends the turn as failed with its reason, and the mission goes on with the next message', async () => {
  const stream = await me.stream();
  const { mission } = await me.say('ERROR 400 1');
  const failed = await stream.until(answered(mission));
  expect(failed.data).toMatchObject({ success: false });
  expect(String(failed.data.content)).toMatch(/400|error/i);
  expect((await me.call('GET', `/api/control/missions/${mission}`)).json.status).toBe('failed');

  await me.say('SAY Better now.', mission);
  await stream.until(({ name, data }) => name === 'assistant_message' && data.content === 'Better now.');
  stream.close();

  expect((await me.call('GET', `/api/control/missions/${mission}`)).json.status).toBe('completed');
});

test('a second message goes on in the same conversation: the model sees the first one once', async () => {
  const stream = await me.stream();
  const { mission } = await me.say('SAY First.');
  await stream.until(answered(mission));
  await me.say('SAY Second.', mission);
  await stream.until(({ name, data }) => name === 'assistant_message' && data.content === 'Second.');
  stream.close();

  const asked = stack.model.requests.filter(({ userText }) => userText.includes('SAY Second.'));
  expect(asked).toHaveLength(1);
  expect(asked[0]?.messagesCount).toBe(4);
});

test('a message to a busy mission waits, can be removed, and two that stay run in order', async () => {
  const stream = await me.stream();
  const { mission } = await me.say('SAY One.\nWAIT busy');
  await stack.model.reached('busy');
  const second = await me.say('SAY Two.', mission);
  const removed = await me.say('SAY Never.', mission);
  expect([second.queued, removed.queued]).toEqual([true, true]);
  expect((await me.call('GET', '/api/control/queue')).json).toMatchObject([
    { id: second.message },
    { id: removed.message },
  ]);
  expect((await me.call('DELETE', `/api/control/queue/${removed.message}`)).json).toEqual({ ok: true });

  stack.model.release('busy');
  await stream.until(({ name, data }) => name === 'assistant_message' && data.content === 'Two.');
  await stream.until(({ name, data }) => name === 'status' && data.state === 'idle' && data.queue_len === 0);
  stream.close();

  const contents = (await me.call('GET', `/api/control/missions/${mission}`)).json.history.map(
    ({ content }: { content: string }) => content,
  );
  expect(contents).toEqual(['SAY One.\nWAIT busy', 'One.', 'SAY Two.', 'Two.']);
  expect(stack.model.requests.some(({ userText }) => userText.includes('Never'))).toBe(false);
});

test('two missions run at once and keep their events apart', async () => {
  const stream = await me.stream();
  const left = await me.say('SAY Left one.\nWAIT left\nSAY Left two.');
  const right = await me.say('SAY Right one.\nWAIT right\nSAY Right two.');
  await Promise.all([stack.model.reached('left'), stack.model.reached('right')]);
  const running = (await me.call('GET', '/api/control/running')).json;
  expect(running.map((entry: { mission_id: string }) => entry.mission_id).toSorted()).toEqual(
    [left.mission, right.mission].toSorted(),
  );
  expect(running).toMatchObject([{ state: 'running' }, { state: 'running' }]);

  stack.model.release('right');
  await stream.until(answered(right.mission));
  stack.model.release('left');
  await stream.until(answered(left.mission));
  stream.close();

  for (const { events, side } of [
    { events: await storedEvents(left.mission), side: 'Left' },
    { events: await storedEvents(right.mission), side: 'Right' },
  ]) {
    const texts = events.map(({ content }: { content: string }) => content).join('\n');
    expect(texts).toContain(`${side} two.`);
    expect(texts).not.toContain(side === 'Left' ? 'Right' : 'Left');
  }
});

test('cancelling in mid-stream ends the turn at once, and the mission can be resumed', async () => {
  const stream = await me.stream();
  const { mission } = await me.say('SAY Half an\nWAIT cancelled');
  await stack.model.reached('cancelled');

  expect((await me.call('POST', `/api/control/missions/${mission}/cancel`)).json).toEqual({
    ok: true,
    cancelled: mission,
  });

  const end = await stream.until(answered(mission));
  expect(end.data).toMatchObject({ content: 'Task cancelled', success: false, resumable: true });
  expect((await me.call('GET', '/api/control/running')).json).toEqual([]);
  expect((await me.call('POST', `/api/control/missions/${mission}/cancel`)).status).toBe(404);
  expect((await me.call('GET', `/api/control/missions/${mission}`)).json).toMatchObject({
    status: 'interrupted',
    resumable: true,
  });

  stack.model.release('cancelled'); // The generated prompt repeats the request, and so its script.
  const resumed = await me.call('POST', `/api/control/missions/${mission}/resume`, {});
  expect(resumed.json).toMatchObject({ status: 'active', resumable: false });
  await stream.until(
    ({ name, data }) => name === 'assistant_message' && data.mission_id === mission && data.success === true,
  );
  stream.close();
  expect((await me.call('GET', `/api/control/missions/${mission}`)).json.status).toBe('completed');
});

test('a stream resumes by its last id without loss or repetition', async () => {
  const first = await me.stream('?format=delta');
  const { mission } = await me.say(
    'TOOL write {"filePath":"a.txt","content":"a"}\nCHUNKS ["Half "]\nWAIT resume\nSAY and the rest.',
  );
  await first.until(({ name, data }) => name === 'tool.result' && data.mission_id === mission);
  await stack.model.reached('resume');
  const cursor = first.lastId() ?? '';
  first.close();
  await first.ended;
  stack.model.release('resume');

  const second = await me.stream('?format=delta', { 'Last-Event-ID': cursor });
  await second.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  second.close();

  const whole = await me.stream(`?format=delta&mission_id=${mission}`);
  await whole.until(({ name }) => name === 'snapshot');
  whole.close();
  const seqs = [...first.events, ...second.events].flatMap(({ id, data }) =>
    id && data.mission_id === mission ? [Number(data.seq)] : [],
  );
  expect(new Set(seqs).size).toBe(seqs.length);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  const closed = second.events.filter(({ name }) => name === 'part.closed').map(({ data }) => data.text);
  expect(closed).toContain('Half and the rest.');
  expect(second.events.some(({ name }) => name === 'reset')).toBe(false);
});

test('a mission with a to-do list and a sub-agent shows both while they work, and pays for both', async () => {
  const [stream, log] = [await me.stream(), await me.stream('?format=delta')];
  const todo = (content: string, status: string) => ({ content, status, priority: 'high' });
  const prompt = 'TOOL bash {"command":"echo child","description":"Say it"}\nWAIT child\nSAY The child says hi.';
  const { mission } = await me.say(
    [
      `TOOL todowrite ${JSON.stringify({ todos: [todo('Ask', 'in_progress'), todo('Answer', 'pending')] })}`,
      `TOOL task ${JSON.stringify({ description: 'Look around', prompt, subagent_type: 'general' })}`,
      'SAY All is well.',
    ].join('\n'),
  );
  await stack.model.reached('child');
  const isResult = (name: string) => (event: { name: string; data: Record<string, unknown> }) =>
    event.name === 'tool_result' && event.data.name === name && event.data.mission_id === mission;
  await stream.until(isResult('bash'));

  expect((await me.call('GET', '/api/control/progress')).json).toEqual({
    total_subtasks: 2,
    completed_subtasks: 0,
    current_subtask: 'Ask',
    current_depth: 0,
  });
  const child = { type: 'SubAgent', name: 'general', description: 'Look around' };
  expect((await me.call('GET', '/api/control/tree')).json).toMatchObject({
    status: 'running',
    children: [{ children: [{ ...child, status: 'running' }] }],
  });
  stack.model.release('child');
  await stream.until(answered(mission));
  stream.close();

  const mine = stream.events.filter(({ data }) => data.mission_id === mission);
  const named = (name: string) => mine.filter((event) => event.name === name).map(({ data }) => data);
  expect(named('tool_call').map(({ name }) => name)).toEqual(['todowrite', 'task', 'bash']);
  expect(named('progress')).toMatchObject([{ total_subtasks: 2, current_subtask: 'Ask', depth: 0 }]);
  expect(named('agent_tree')).toHaveLength(4);
  expect(named('thinking').filter(({ done }) => done)).toMatchObject([
    { content: 'The child says hi.' },
    { content: 'All is well.' },
  ]);
  expect((await me.call('GET', `/api/control/missions/${mission}/tree`)).json).toMatchObject({
    status: 'completed',
    selected_model: 'lab/m1',
    children: [{ children: [{ ...child, status: 'completed' }] }],
  });
  // Five model calls, two of them the child's; the contract's stream has whole cents only, so the log is asked.
  const ended = await log.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  log.close();
  expect(ended.data).toMatchObject({ usage: { cost_usd: expect.closeTo(5 * 0.000102, 9) } });
});
