// Messages that have to wait: the web app's strip, the iOS queue, and what is never sent.
import { expect, test } from 'vitest';
import { storedEvents } from '../../support/comparison.ts';
import { conversation, hasAnswer } from '../clients/visible.ts';
import { gateName, me, model, phone, phoneControl, webControl } from '../stage.ts';

/** A mission that is busy until its gate is opened, in view on a control page. */
const busyMission = async (answer = 'First.') => {
  const gate = gateName();
  const { id } = (await me().call('POST', '/api/control/missions', { title: `Busy until ${gate}` })).json;
  const opened = await webControl(id);
  await opened.control.send(`CHUNKS ["${answer}"]\nWAIT ${gate}`);
  await model().reached(gate);
  await opened.control.until('a running mission', ({ run }) => run.state === 'running' && run.mission === id);
  return { ...opened, id, gate };
};

test('a message to a busy mission waits in the strip, starts under the same id, and is answered', async () => {
  const { control, id, gate } = await busyMission();
  await control.send('SAY Second.');

  const [waiting] = control.strip();
  expect(waiting).toMatchObject({ content: 'SAY Second.', queued: true });
  await control.until('a queue of one', ({ run }) => run.queueLength === 1 && run.mission === id);
  expect(await phone().queue()).toMatchObject([{ content: 'SAY Second.', agent: null }]);
  model().release(gate);
  await control.until('the second answer', hasAnswer('Second.'));

  expect(control.strip()).toEqual([]);
  const announced = control.page.seen.filter(
    ({ name, data }) => name === 'user_message' && data.content === 'SAY Second.',
  );
  expect(announced.map(({ data }) => data.queued)).toEqual([true, false]);
  expect(new Set(announced.map(({ data }) => data.id)).size).toBe(1);
});

test('after a reload each message stands above its answer, and what waits stands last', async () => {
  const { control, id, gate } = await busyMission();
  await control.send('SAY Second.');
  await control.send('SAY Third.');
  await control.until('a queue of two', ({ run }) => run.queueLength === 2 && run.mission === id);
  const waiting = (await storedEvents(me(), id)).slice(-2);
  expect(waiting.map(({ content, metadata }) => [content, metadata.queued])).toEqual([
    ['SAY Second.', true],
    ['SAY Third.', true],
  ]);
  expect((await me().call('GET', `/api/control/missions/${id}`)).json.history.slice(-2)).toEqual([
    { role: 'user', content: 'SAY Second.', queued: true },
    { role: 'user', content: 'SAY Third.', queued: true },
  ]);
  model().release(gate);
  await control.until('the last answer', hasAnswer('Third.'));

  await control.refetch();
  expect(conversation(control.page.items).slice(1)).toEqual([
    'assistant: First.',
    'user: SAY Second.',
    'assistant: Second.',
    'user: SAY Third.',
    'assistant: Third.',
  ]);
  const { history } = await phone().viewMission(id);
  expect(history.slice(1).map(({ content }) => content)).toEqual([
    'First.',
    'SAY Second.',
    'Second.',
    'SAY Third.',
    'Third.',
  ]);
});

test('a message taken out of the strip never runs, and neither app remembers it', async () => {
  const { control, id, gate } = await busyMission();
  await control.send('SAY Never.');
  const [waiting] = control.strip();
  await control.removeFromQueue(waiting?.kind === 'user' ? waiting.id : '');
  await control.until('an empty queue', ({ run }) => run.queueLength === 0 && run.mission === id);
  await expect(control.removeFromQueue(waiting?.kind === 'user' ? waiting.id : '')).rejects.toMatchObject({
    status: 404,
    message: 'message not in queue',
  });
  model().release(gate);
  await control.until('the first answer', hasAnswer('First.'));
  await control.until('an idle run', ({ run }) => run.state === 'idle');

  await control.refetch();
  expect(conversation(control.page.items).map((line) => line.split('\n')[0])).toEqual([
    'user: CHUNKS ["First."]',
    'assistant: First.',
  ]);
  expect((await phone().viewMission(id)).history).toHaveLength(2);
  expect(model().requests.some(({ userText }) => userText.includes('Never'))).toBe(false);
});

test('the iOS app empties the queue in one call', async () => {
  const { control, gate } = await busyMission();
  const { app, control: screen } = await phoneControl(control.page.viewed?.id);
  await screen.send('SAY One too many.');
  await screen.send('SAY Two too many.');
  expect((await app.queue()).map(({ content }) => content)).toEqual(['SAY One too many.', 'SAY Two too many.']);
  await screen.until('a badge of two', ({ run }) => run.queueLength === 2);

  expect(JSON.parse(await app.clearQueue())).toEqual({ ok: true, cleared: 2 });
  await screen.until('no badge', ({ run }) => run.queueLength === 0);
  expect(await app.queue()).toEqual([]);
  model().release(gate);
  await control.until('the first answer', hasAnswer('First.'));
});

test('a message of the iOS app goes to the current mission, whatever it looks at', async () => {
  const app = phone();
  const current = await app.createMission({ title: 'Current' });
  const other = (await app.history()).missions.find(({ id }) => id !== current.id);
  const { control } = await phoneControl();
  await control.view(other?.id ?? '');
  const { control: web } = await webControl(current.id);
  await control.send('SAY For the current one.');
  await web.until('the answer', hasAnswer('For the current one.'));

  expect((await app.viewMission(current.id)).history).toHaveLength(2);
  expect(
    control.screen.items.some((item) => item.kind === 'assistant' && item.content === 'For the current one.'),
  ).toBe(false);
});

test('a message of the iOS app without any mission makes one', async () => {
  const app = phone();
  const current = await app.createMission({ title: 'Soon gone' });
  await app.deleteMission(current.id);
  expect(await app.currentMission()).toBeNull();
  const { control } = await phoneControl();
  await control.send('SAY From nowhere.');
  await control.until('the answer', hasAnswer('From nowhere.'));

  expect(await app.currentMission()).toMatchObject({
    title: 'SAY From nowhere.',
    history: [{ role: 'user' }, { role: 'assistant' }],
  });
});
