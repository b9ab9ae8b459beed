// Parts of the system die and come back while the apps watch.
import { expect, test } from 'vitest';
import { conversation, hasAnswer, visible } from '../clients/visible.ts';
import { gateName, me, model, phoneControl, stack, webControl } from '../stage.ts';

test('the edge is killed in mid-turn: both apps come back by themselves and show the truth', async () => {
  const gate = gateName();
  const { id } = (await me().call('POST', '/api/control/missions', { title: 'Survivor' })).json;
  const { tab, control } = await webControl(id);
  const { control: screen } = await phoneControl();
  await control.send(`REASON Still here.\nCHUNKS ["Half "]\nWAIT ${gate}\nSAY and whole.`);
  await model().reached(gate);
  await screen.view(id);

  stack().kill('edge');
  await control.until('a cut', ({ connection }) => connection === 'reconnecting');
  model().release(gate);
  await control.until('a new connection', ({ connection }) => connection === 'connected');
  await screen.until('a new connection', ({ isConnected }) => isConnected);
  const answer = 'Half and whole.';
  await control.until('the answer', hasAnswer(answer));
  await screen.until('the answer', hasAnswer(answer));

  expect(control.stream.statuses.length).toBeGreaterThan(1);
  expect(control.stream.statuses.every((status) => status === 200 || status === 0)).toBe(true);
  expect(conversation(control.page.items)).toEqual(conversation(screen.screen.items));
  expect(conversation(control.page.items)).toHaveLength(2);
  expect(tab.calls).toContain(`GET /api/control/missions/${id} 200`);
  expect(await control.running()).toEqual([]);
  expect(tab.sidebar.statuses).toEqual([200]);
});

test('everything is restarted in mid-turn: the mission is interrupted in both apps, and goes on when it is resumed', async () => {
  const gate = gateName();
  const { id } = (await me().call('POST', '/api/control/missions', { title: 'Interrupted' })).json;
  const { control } = await webControl(id);
  const { app, control: screen } = await phoneControl(id);
  await control.send(`CHUNKS ["Half "]\nWAIT ${gate}\nSAY and whole.`);
  await model().reached(gate);

  await stack().restart();
  const isInterrupted = ({ items }: { items: readonly { kind: string }[] }) => items.at(-1)?.kind === 'assistant';
  await control.until('a connection and the end', (page) => page.connection === 'connected' && isInterrupted(page));
  await screen.until('a connection and the end', (state) => state.isConnected && isInterrupted(state));
  await control.until('the badge', ({ viewed }) => viewed?.status === 'interrupted');
  expect(await app.viewMission(id)).toMatchObject({ status: 'interrupted', resumable: true });
  expect(await app.running()).toEqual([]);
  expect(visible(control.page.items)).toContain('thinking: Half ');

  model().release(gate);
  await app.resume(id);
  const last = await control.until('the resumed answer', ({ items, viewed }) => {
    const item = items.at(-1);
    return viewed?.status === 'completed' && item?.kind === 'assistant' && item.success && item;
  });
  expect(last.content).toBe('Half and whole.');
});
