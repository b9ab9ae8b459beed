// Opening the apps for the first time: without a token, logging in, and being logged out again.
import { expect, onTestFinished, test } from 'vitest';
import { openIosApp } from '../clients/ios.ts';
import { openWebApp } from '../clients/web.ts';
import { openControlPage } from '../clients/web-control.ts';
import { password, stack, webTab } from '../stage.ts';

const openTab = async (storage = {}) => {
  const tab = await openWebApp(stack().url(), storage);
  onTestFinished(() => tab.close());
  return tab;
};

test('the web app without a token shows its login, although its pages have already asked; then it works', async () => {
  const tab = await openTab();
  await expect(tab.overview()).rejects.toMatchObject({ status: 401, message: 'Missing Authorization header' });
  const control = await openControlPage(tab);
  onTestFinished(() => control.close());
  await control.stream.ended;

  expect(tab.app.isOverlayShown).toBe(true);
  const refused = tab.calls.filter((call) => !call.endsWith(' 401'));
  expect(refused.every((call) => call.startsWith('GET /api/health 200'))).toBe(true);
  expect(tab.calls.length).toBeGreaterThan(15);
  expect(tab.sidebar.statuses).toEqual([401]);
  expect(control.page.connection).toBe('failed');
  expect(control.stream.statuses).toEqual([401]);

  expect(await tab.login('not the password')).toEqual({ text: 'Invalid password' });
  expect(await tab.login(`${password} `)).toBeNull();
  expect(tab.storage['openagent.jwt_exp']).toSatisfy(Number.isInteger);
  expect(await tab.overview()).toMatchObject({ health: { status: 'ok' }, missions: expect.any(Array) });
});

test('the iOS app begins with its login, shows why one is refused, and opens', async () => {
  const app = openIosApp(`${stack().url()}/`);

  expect(await app.start()).toBe('login');
  await expect(app.login('not the password')).rejects.toThrow('Authentication required');
  await app.login(password);
  expect(await app.start()).toBe('control');
  expect(await app.currentMission()).toBeNull();
});

test('a token that is no longer good logs both apps out at the next call', async () => {
  const stale = { 'openagent.jwt': 'a.b.c', 'openagent.jwt_exp': Date.now() / 1000 + 3600 };
  const tab = await openTab(stale);
  const app = openIosApp(stack().url(), 'a.b.c');

  expect(tab.app.isOverlayShown).toBe(true);
  expect(stale).toEqual({});
  await expect(app.currentMission()).rejects.toThrow('Authentication required');
  expect(app.kept.jwt_token).toBeNull();
});

test('a web token that ends within 15 seconds is not even sent', async () => {
  const tab = await openTab({ 'openagent.jwt': 'x', 'openagent.jwt_exp': Date.now() / 1000 + 10 });

  expect((await tab.call('GET', '/api/stats')).text).toBe('Missing Authorization header');
});

test('the overview page finds everything it polls, and the library page is told that there is none', async () => {
  const tab = await webTab();
  const page = await tab.overview();

  expect(page).toMatchObject({
    health: { status: 'ok', version: expect.any(String) },
    stats: { success_rate: expect.any(Number), total_cost_cents: expect.any(Number) },
    missions: [],
    workspaces: [{ workspace_type: 'host', status: 'ready' }],
  });
  await tab.until('an idle sidebar', () => tab.app.sidebar === 'idle');
  expect(tab.sidebar.headers()).toEqual({ type: 'text/event-stream', encoding: null });
});
