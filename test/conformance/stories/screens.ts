// Every screen of both apps and the calls it opens with (contract §14): each is answered, by the feature or by a
// sentence that the screen is made for. Nothing is a 404 without a body, a 405 or our own failure.
import { expect, test } from 'vitest';
import { me, webControl, webTab } from '../stage.ts';

const nil = '00000000-0000-0000-0000-000000000000';

/** GETs by screen; what they change is in `routes/` and the other stories. */
const screens: Record<string, string[]> = {
  'web, overview': [
    'stats',
    'health',
    'control/missions',
    'workspaces',
    'library/openagent/agents',
    'library/openagent/config',
  ],
  'web, control': [
    ...[
      'health',
      'control/running',
      'control/progress',
      'providers',
      'workspaces',
      'desktop/sessions',
      'library/commands',
    ],
    ...['library/openagent/agents', 'library/openagent/config', 'control/missions', 'control/missions/current'],
  ],
  'web, analytics': ['stats', 'control/missions', 'runs'],
  'web, workspaces': [
    ...['workspaces', `workspaces/${nil}`, `workspaces/${nil}/debug`, `workspaces/${nil}/init-log`],
    ...['library/skills', 'library/workspace-template'],
  ],
  'web, console': [
    'fs/list?path=/root/context',
    'fs/list?path=/root/work',
    'fs/list?path=/root/tools',
    'health',
    'workspaces',
  ],
  'web, configuration': ['library/skills', 'library/commands', 'library/rule', 'library/workspace-template'],
  'web, configuration settings': [
    ...['library/opencode/settings', 'opencode/settings', 'opencode/agents', 'library/openagent/config'],
  ],
  'web, extensions': ['library/mcps', 'mcp', 'library/plugins', 'tools'],
  'web, settings': ['health', 'ai/providers', 'ai/providers/types', 'system/components', 'secrets/status'],
  'iOS, control': ['control/missions/current', 'control/queue', 'control/running', 'workspaces'],
  'iOS, history': ['control/missions', 'tasks', 'runs?limit=20&offset=0'],
  'iOS, files': ['fs/list?path=/root/context', 'workspaces'],
  'iOS, workspaces': ['workspaces'],
};
/** Where 503 is "not configured", which these screens show (contract §2.4). */
const setUpScreen = /^library\/(?!openagent)/;

test.for(Object.entries(screens))('%s', async ([, paths]) => {
  for (const path of paths) {
    const answer = await me().call('GET', `/api/${path}`);
    if (setUpScreen.test(path)) {
      expect([answer.status, answer.text], path).toEqual([503, 'Library not configured. Set a Git repo in Settings.']);
    } else {
      expect(answer.status, `${path}: ${answer.text.slice(0, 200)}`).toBe(200);
      expect(() => answer.json, path).not.toThrow();
    }
  }
});

test('the web layout and its control page make their calls in the order of the contract, and none is lost', async () => {
  const { tab } = await webControl();

  const library = ['status', 'mcps', 'skills', 'commands', 'plugins', 'rule', 'agent', 'tool'];
  expect(tab.calls.slice(0, 10).toSorted()).toEqual(
    [
      'GET /api/health 200',
      'GET /api/control/missions/current 200',
      ...library.map((name) => `GET /api/library/${name} 503`),
    ].toSorted(),
  );
  expect(tab.app.libraryProblem).toBe('Library not configured. Set a Git repo in Settings.');
  expect(tab.calls.slice(10).filter((call) => !/ (200|503)$/.test(call))).toEqual([]);
  expect(tab.sidebar.statuses).toEqual([200]);
});

test('a library repository set in the web app is sent with every call, and allowed to be', async () => {
  const tab = await webTab();
  tab.storage.libraryRemote = 'https://example.org/library.git';

  expect(await tab.overview()).toMatchObject({ health: { status: 'ok' } });
  expect((await tab.call('GET', '/api/library/status')).text).toMatch(/library/i);
});
