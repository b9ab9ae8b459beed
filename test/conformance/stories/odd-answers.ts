// What a person sees of an answer that is none, or half of one.
import { expect, test } from 'vitest';
import { hasAnswer } from '../clients/visible.ts';
import { me, phoneControl, webControl } from '../stage.ts';

const newMission = async (title: string): Promise<string> =>
  (await me().call('POST', '/api/control/missions', { title })).json.id;

const cut = "The answer was cut off by the model's token limit. Resume the mission to let it go on.";

test('a cut answer is half an answer in both apps, live and reloaded, and the mission goes on by its Resume button', async () => {
  const id = await newMission('Cut');
  const { control } = await webControl(id);
  const { control: screen } = await phoneControl(id);
  await control.send('SAY Half an ans\nEND length 1\nSAY And the rest.');
  const content = `Half an ans\n\n${cut}`;

  await control.until('the end', hasAnswer(content));
  await screen.until('the end', hasAnswer(content));
  expect(control.page.items.at(-1)).toMatchObject({ success: false, isResumable: true });
  await control.until('its status', ({ viewed }) => viewed?.status === 'blocked');
  await control.refetch();
  expect(control.page.items.findLast(({ kind }) => kind === 'assistant')).toMatchObject({ content });
  const { status, history } = (await me().call('GET', `/api/control/missions/${id}`)).json;
  expect([status, history.at(-1).content]).toEqual(['blocked', content]);

  await control.resume();
  // The resumed message repeats the request, a script whose answer is cut again: what counts is that the agent went on
  // with it.
  await control.until(
    'the resumed answer',
    ({ items }) => items.filter(({ kind }) => kind === 'assistant').length === 2,
  );
  expect(control.page.items.findLast(({ kind }) => kind === 'user')).toMatchObject({
    content: expect.stringMatching(/MISSION RESUMED.*The answer was cut off/s),
  });
});

test('a login page in place of a model: both apps say what came and what to check, and nothing runs on', async () => {
  const id = await newMission('Login page');
  const { control } = await webControl(id);
  await control.send('RAW 200 text/html "<html><title>Sign in</title>"');

  await control.until('the end', ({ items }) =>
    items.some((item) => item.kind === 'assistant' && /base URL.*proxy.*model/.test(item.content)),
  );
  expect(control.page.items.at(-1)).toMatchObject({ success: false, isResumable: true });
  expect(await control.running()).toEqual([]);
});
