// A mission from its creation to its answer, seen in both apps at once.
import { expect, test } from 'vitest';
import { iosMission } from '../clients/models.ts';
import { conversation, hasAnswer, tools, visible } from '../clients/visible.ts';
import { gateName, me, model, phone, phoneControl, webControl } from '../stage.ts';

/** Reasoning, a tool, words: what a turn can show, with a stop in the middle. */
const script = (gate: string, answer: string): string =>
  [
    'REASON I should look first.',
    'TOOL write {"filePath":"notes.txt","content":"seen"}',
    'CHUNKS ["Half of "]',
    `WAIT ${gate}`,
    `SAY ${answer}`,
  ].join('\n');

test('a mission is created, asked and answered, and both apps show the same chat', async () => {
  const gate = gateName();
  const before = await phone().currentMission();
  if (before) await phone().deleteMission(before.id);
  const { tab, control } = await webControl();
  const text = script(gate, 'the story.');
  await control.send(`  ${text}\n`);
  const id = control.page.viewed?.id ?? '';
  await model().reached(gate);
  const { control: screen } = await phoneControl(id);

  await control.until('text in the making', ({ items }) =>
    items.some((item) => item.kind === 'thinking' && !item.done && item.content.startsWith('Half')),
  );
  await screen.until('text in the making', ({ items }) =>
    items.some((item) => item.kind === 'thinking' && !item.done && item.content.startsWith('Half')),
  );
  expect(control.page.run).toMatchObject({ state: 'running', mission: id });
  expect(screen.screen.run.state).toBe('running');
  expect(await control.running()).toMatchObject([{ mission_id: id, state: 'running' }]);
  model().release(gate);

  const answer = 'Half of the story.';
  await control.until('the answer', hasAnswer(answer));
  await screen.until('the answer', hasAnswer(answer));
  await control.until('an idle run', ({ run }) => run.state === 'idle' && run.mission === id);
  expect(visible(control.page.items)).toEqual([
    `user: ${text}`,
    'thinking: I should look first.',
    `thinking: ${answer}`,
    `assistant: ${answer}`,
  ]);
  expect(conversation(screen.screen.items)).toEqual(conversation(control.page.items));
  expect(tools(control.page.items)).toEqual(['write done']);
  expect(control.page.viewed?.status).toBe('completed');
  expect(control.page.toasts).toEqual([]);
  expect(tab.calls.filter((call) => call.startsWith('POST'))).toEqual([
    'POST /api/control/missions 200',
    `POST /api/control/missions/${id}/load 200`,
    'POST /api/control/message 200',
  ]);
});

test('reasoning of any length is seen on iOS too, which ignores a block that only closes', async () => {
  const { app, control } = await phoneControl();
  await control.view((await app.createMission({ title: 'Reasoning' })).id);
  await control.send('REASON Yes.\nSAY Seen.');
  await control.until('the answer', hasAnswer('Seen.'));

  expect(visible(control.screen.items)).toEqual([
    'user: REASON Yes.\nSAY Seen.',
    'thinking: Yes.',
    'thinking: Seen.',
    'assistant: Seen.',
  ]);
});

test('text beyond ASCII survives the iOS reader, which loses every other byte, and finds its typed message', async () => {
  const said = 'SAY Grüße aus Zürich – 日本語 💡 «ok»\u2028end';
  const { control: web } = await webControl();
  const { app, control } = await phoneControl();
  const { id } = await app.createMission({ title: 'Ünïcode 💡' });
  await control.view(id);
  await web.open(id);
  await control.send(said);
  const answer = said.slice('SAY '.length);
  await control.until('the answer', hasAnswer(answer));
  await web.until('the answer', hasAnswer(answer));

  expect(conversation(control.screen.items)).toEqual([`user: ${said}`, `assistant: ${answer}`]);
  expect(conversation(web.page.items)).toEqual(conversation(control.screen.items));
  const listed = iosMission.array().parse((await me().call('GET', '/api/control/missions')).json);
  expect(listed.find((mission) => mission.id === id)?.title).toBe('Ünïcode 💡');
});

test('a reload in mid-turn shows what was there, goes on live, and ends with the same chat', async () => {
  const gate = gateName();
  const { control: first } = await webControl();
  const created = await me().call('POST', '/api/control/missions', {});
  await first.open(created.json.id);
  await first.send(script(gate, 'the reload.'));
  await model().reached(gate);
  const { tab, control: second } = await webControl(created.json.id);

  expect(tab.calls.slice(-2)).toEqual([
    `POST /api/control/missions/${created.json.id}/load 200`,
    `GET /api/control/missions/${created.json.id}/events 200`,
  ]);
  expect(tools(second.page.items)).toEqual(['write done']);
  expect(conversation(second.page.items)).toEqual(conversation(first.page.items));
  await second.until('the open text', ({ items }) => visible(items).includes('thinking: Half of '));
  model().release(gate);
  const answer = 'Half of the reload.';
  await first.until('the answer', hasAnswer(answer));
  await second.until('the answer', hasAnswer(answer));

  expect(visible(second.page.items)).toEqual(visible(first.page.items));
  await second.refetch();
  expect(visible(second.page.items)).toEqual(visible(first.page.items));
  expect(tools(second.page.items)).toEqual(tools(first.page.items));
});

test('the web app loads the mission before every message, and its chat is never doubled', async () => {
  const { tab, control } = await webControl();
  const { id } = (await me().call('POST', '/api/control/missions', { title: 'Loaded' })).json;
  await control.open(id);
  const before = tab.calls.length;
  for (const answer of ['One.', 'Two.', 'Three.']) {
    await control.send(`SAY ${answer}`);
    await control.until(`answer ${answer}`, hasAnswer(answer));
  }

  expect(tab.calls.slice(before).filter((call) => call.includes('/load'))).toHaveLength(3);
  expect(conversation(control.page.items)).toEqual([
    'user: SAY One.',
    'assistant: One.',
    'user: SAY Two.',
    'assistant: Two.',
    'user: SAY Three.',
    'assistant: Three.',
  ]);
  await control.refetch();
  expect(conversation(control.page.items)).toHaveLength(6);
});

test('the History screens show missions, tasks and runs together, or nothing would be shown at all', async () => {
  const app = phone();
  const { missions, tasks, runs } = await app.history();

  expect(missions.length).toBeGreaterThan(3);
  expect(missions.map(({ updated_at }) => updated_at)).toEqual(
    missions
      .map(({ updated_at }) => updated_at)
      .toSorted()
      .toReversed(),
  );
  expect(missions[0]?.history.length).toBeGreaterThan(0);
  expect([tasks, runs].every(Array.isArray)).toBe(true);
  const { control } = await webControl();
  const tree = await me().call('GET', `/api/control/missions/${missions[0]?.id}/tree`);
  expect(tree.status).toBe(200);
  expect(control.page.toasts).toEqual([]);
});
