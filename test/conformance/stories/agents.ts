// What agents do besides talking: they ask people, send sub-agents, and keep a list of what is to be done
// (contract §4.2, §8.12).
import { expect, test } from 'vitest';
import { conversation, hasAnswer, tools } from '../clients/visible.ts';
import { colourQuestion } from '../colour-question.ts';
import { progress, treeNode } from '../contract/mission.ts';
import { gateName, me, model, phone, phoneControl, webControl } from '../stage.ts';

const newMission = async (title: string): Promise<string> =>
  (await me().call('POST', '/api/control/missions', { title })).json.id;

test('a question is a card on the web, waits in both apps, and is answered once though two tabs answer at once', async () => {
  const id = await newMission('Asked');
  const [{ control: a }, { control: b }] = [await webControl(id), await webControl(id)];
  const { control: screen } = await phoneControl(id);
  await a.send(`TOOL question ${colourQuestion}\nSAY Thanks.`);
  const cardOf = async (control: typeof a) =>
    control.until('the card', ({ items }) => items.find((item) => item.kind === 'tool' && item.name === 'question'));
  const [card] = await Promise.all([cardOf(a), cardOf(b)]);
  if (card.kind !== 'tool') throw new Error('no card');
  expect(card).toMatchObject({ args: { questions: [{ question: 'Which colour?' }] }, state: 'pending' });
  await a.until('waiting', ({ run }) => run.state === 'waiting_for_tool' && run.mission === id);
  await screen.until('waiting', ({ run }) => run.state === 'waiting_for_tool');
  expect(await phone().running()).toMatchObject([{ mission_id: id, state: 'waiting_for_tool' }]);

  const answers = { answers: [['Blue']] };
  expect(
    await Promise.all([a.answerTool(card.id, 'question', answers), b.answerTool(card.id, 'question', answers)]),
  ).toEqual([{ ok: true }, { ok: true }]);
  await a.until('the answer', hasAnswer('Thanks.'));
  await b.until('the answer', hasAnswer('Thanks.'));
  await screen.until('the answer', hasAnswer('Thanks.'));

  for (const { page } of [a, b]) expect(tools(page.items)).toEqual(['question done']);
  expect(JSON.stringify(a.page.items)).toContain('Blue');
  expect(conversation(screen.screen.items)).toEqual(conversation(a.page.items));
  expect(model().requests.filter(({ userText }) => userText.includes('Which colour?'))).toHaveLength(2);
  await a.answerTool('nobody', 'question', null);
  await a.until('the error', ({ toasts }) => toasts.includes("Unknown tool_call_id 'nobody' for tool 'question'"));
});

test('a sub-agent is a card with its result, a node of the tree, and never the answer', async () => {
  const id = await newMission('Delegated');
  const { control } = await webControl(id);
  const { control: screen } = await phoneControl(id);
  const args = { description: 'Look around', prompt: 'SAY Found by the helper.', subagent_type: 'general' };
  await control.send(`TOOL task ${JSON.stringify(args)}\nSAY Told by the agent.`);
  await control.until('the answer', hasAnswer('Told by the agent.'));
  await screen.until('the answer', hasAnswer('Told by the agent.'));

  expect(tools(control.page.items)).toEqual(['task done']);
  const answers = conversation(control.page.items).filter((line) => line.startsWith('assistant: '));
  expect(answers).toEqual(['assistant: Told by the agent.']);
  expect(conversation(screen.screen.items)).toEqual(conversation(control.page.items));
  const tree = treeNode.parse((await me().call('GET', `/api/control/missions/${id}/tree`)).json);
  expect(JSON.stringify(tree)).toContain('Look around');
});

test("the agent's to-do list is the progress in both apps", async () => {
  const gate = gateName();
  const id = await newMission('Progress');
  const { control } = await webControl(id);
  const { control: screen } = await phoneControl(id);
  const todo = (content: string, status: string) => ({ content, status, priority: 'high' });
  const list = { todos: [todo('Read', 'completed'), todo('Write', 'in_progress'), todo('Check', 'pending')] };
  await control.send(`TOOL todowrite ${JSON.stringify(list)}\nSAY Going on.\nWAIT ${gate}`);
  await control.until('progress', (page) => page.progress);
  await screen.until('progress', ({ items }) => items.some((item) => item.kind === 'progress'));
  await model().reached(gate);

  expect(control.page.progress).toMatchObject({ total_subtasks: 3, completed_subtasks: 1, current_subtask: 'Write' });
  expect(screen.screen.items).toContainEqual({ kind: 'progress', total: 3, completed: 1 });
  expect(progress.parse((await me().call('GET', '/api/control/progress')).json)).toMatchObject({ total_subtasks: 3 });
  model().release(gate);
  await control.until('the answer', hasAnswer('Going on.'));
});
