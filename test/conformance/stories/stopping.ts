// Stopping, going on, deleting, and doing it from two places at once.
import { expect, test } from 'vitest';
import { conversation, hasAnswer, tools } from '../clients/visible.ts';
import { gateName, me, model, phone, phoneControl, webControl } from '../stage.ts';

const halfway = (gate: string): string =>
  `TOOL write {"filePath":"half.txt","content":"half"}\nCHUNKS ["Half "]\nWAIT ${gate}\nSAY done.`;

const newMission = async (title: string): Promise<string> =>
  (await me().call('POST', '/api/control/missions', { title })).json.id;

test('cancelling on the web ends the turn in both apps, and the mission can be resumed', async () => {
  const gate = gateName();
  const id = await newMission('Cancelled');
  const { control } = await webControl(id);
  await control.send(halfway(gate));
  await model().reached(gate);
  const { control: screen } = await phoneControl(id);
  await control.cancel();

  await control.until('the end', hasAnswer('Task cancelled'));
  await screen.until('the end', hasAnswer('Task cancelled'));
  expect(control.page.items.at(-1)).toMatchObject({ success: false, isResumable: true });
  expect(await control.running()).toEqual([]);
  expect(tools(control.page.items).every((line) => !line.endsWith('pending'))).toBe(true);
  expect(control.page.viewed?.status).toBe('interrupted');
  await control.cancel();
  expect(control.page.toasts.at(-1)).toBe(`Mission ${id} has nothing to cancel: none of its messages is at work`);

  model().release(gate);
  await control.resume();
  expect(control.page.viewed).toMatchObject({ status: 'active', resumable: false });
  await control.until('the resumed answer', ({ items }) => {
    const last = items.at(-1);
    return last?.kind === 'assistant' && last.success;
  });
  expect(control.page.items.filter(({ kind }) => kind === 'user').at(-1)).toMatchObject({
    content: expect.stringContaining('MISSION RESUMED'),
  });
});

test('the iOS stop button stops what runs, and says so where nothing does', async () => {
  const gate = gateName();
  const { app, control } = await phoneControl();
  const id = (await app.createMission({ title: 'Stopped' })).id;
  await control.view(id);
  await control.send(halfway(gate));
  await model().reached(gate);
  expect(JSON.parse(await app.stop())).toEqual({ ok: true });
  await control.until('the end', hasAnswer('Task cancelled'));
  await control.until('an idle screen', ({ run }) => run.state === 'idle');

  await app.stop();
  const { control: web } = await webControl(id);
  await app.stop();
  await web.until('the error', ({ toasts }) => toasts.includes('No running task to cancel'));
});

test('two missions run at once, each in its own chat, and each is cancelled and queued by itself', async () => {
  const [left, right] = [gateName(), gateName()];
  const [one, two] = [await newMission('Left'), await newMission('Right')];
  const { control: a } = await webControl(one);
  const { control: b } = await webControl(two);
  await a.send(`CHUNKS ["left "]\nWAIT ${left}\nSAY left.`);
  await b.send(`CHUNKS ["right "]\nWAIT ${right}\nSAY right.`);
  await Promise.all([model().reached(left), model().reached(right)]);
  expect((await a.running()).map(({ mission_id }) => mission_id).toSorted()).toEqual([one, two].toSorted());
  await b.send('SAY next right.');
  await b.until('its queue', ({ run }) => run.mission === two && run.queueLength === 1);

  await a.cancel();
  await a.until('the end', hasAnswer('Task cancelled'));
  await a.until('a sidebar that knows of the other', ({ run }) => run.state === 'running' && run.mission === two);
  model().release(right);
  await b.until('the second answer', hasAnswer('next right.'));
  model().release(left);

  expect(JSON.stringify(a.page.items)).not.toContain('right');
  expect(JSON.stringify(b.page.items)).not.toContain('left');
  const changed = a.page.seen
    .filter(({ name }) => name === 'mission_status_changed')
    .map(({ data }) => [data.mission_id, data.status]);
  expect(changed).toContainEqual([one, 'interrupted']);
  expect(changed).toContainEqual([two, 'completed']);
  expect(changed).not.toContainEqual([one, 'completed']);
});

test('two tabs that act at once see one truth: both messages run once, one cancel wins, one delete wins', async () => {
  const gate = gateName();
  const id = await newMission('Two tabs');
  const [{ control: a }, { control: b }] = [await webControl(id), await webControl(id)];
  await Promise.all([a.send(`CHUNKS ["one"]\nWAIT ${gate}`), b.send(`CHUNKS ["two"]\nWAIT ${gate}`)]);
  model().release(gate);
  await a.until('both answers', (page) => hasAnswer('one')(page) && hasAnswer('two')(page));
  await b.until('both answers', (page) => hasAnswer('one')(page) && hasAnswer('two')(page));
  await Promise.all([a.refetch(), b.refetch()]);
  expect(conversation(a.page.items)).toEqual(conversation(b.page.items));
  expect(conversation(a.page.items)).toHaveLength(4);

  const held = gateName();
  await a.send(`SAY once more\nWAIT ${held}`);
  await model().reached(held);
  const cancels = await Promise.all([1, 2].map(() => me().call('POST', `/api/control/missions/${id}/cancel`)));
  expect(cancels.map(({ status }) => status)).toContain(200);
  await a.until('one end', hasAnswer('Task cancelled'));
  await a.refetch();
  expect(conversation(a.page.items).filter((line) => line === 'failed: Task cancelled')).toHaveLength(1);
  model().release(held);

  const deletes = await Promise.all([1, 2].map(() => me().call('DELETE', `/api/control/missions/${id}`)));
  expect(deletes.map(({ status }) => status).toSorted()).toEqual([200, 404]);
});

test('a running mission cannot be deleted; a deleted one is gone everywhere and says so', async () => {
  const gate = gateName();
  const id = await newMission('Deleted');
  const { control } = await webControl(id);
  await control.send(`SAY working\nWAIT ${gate}`);
  await model().reached(gate);
  const app = phone();
  await expect(app.deleteMission(id)).rejects.toThrow('HTTP 409: Cannot delete a running mission. Cancel it first.');
  model().release(gate);
  await control.until('the answer', hasAnswer('working'));
  await control.until('an idle run', ({ run }) => run.state === 'idle');

  expect(await app.deleteMission(id)).toEqual({ ok: true, deleted: id });
  await expect(app.viewMission(id)).rejects.toThrow(`HTTP 404: Mission ${id} not found`);
  expect((await app.history()).missions.some((mission) => mission.id === id)).toBe(false);
  expect(await app.currentMission()).toBeNull();
  await control.send('SAY to nobody');
  expect(control.page.toasts.at(-1)).toBe(`Mission ${id} not found`);
});

test('cleaning up removes missions that were never used, and only those', async () => {
  const app = phone();
  const unused = await app.createMission({});
  const titled = await newMission('Titled');
  const used = await newMission('Used');
  await me().call('POST', '/api/control/message', { content: 'SAY used.', mission_id: used });
  const cleaned = await app.cleanup();

  expect(cleaned.deleted_count).toBeGreaterThan(1);
  const left = (await app.history()).missions.map(({ id }) => id);
  expect(left).not.toContain(unused.id);
  expect(left).not.toContain(titled);
  expect(left).toContain(used);
});
