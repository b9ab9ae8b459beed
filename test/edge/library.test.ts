import { beforeEach, expect, test } from 'vitest';
import { answeringHost } from './answering-host.ts';
import { asUser, edgeEnv, enrol, freshDirectory } from './edge.ts';

beforeEach(freshDirectory);

const user = asUser('default');
const notConfigured = 'Library not configured. Set a Git repo in Settings.';

const agents = [
  { name: 'build', mode: 'primary', description: 'Builds', model: 'lab/m1', hidden: false },
  { name: 'plan', mode: 'primary', hidden: false },
  { name: 'general', mode: 'subagent', hidden: false },
  { name: 'reviewer', mode: 'all', hidden: false },
  { name: 'title', mode: 'primary', hidden: true },
];
const answersAgents = (default_agent = 'build') => ({ 'opencode.agents': () => ({ agents, default_agent }) });

const names = (list: { name: string }[]) => list.map(({ name }) => name);

test('without a library every page is told so in the words that switch it over to the set-up screen', async () => {
  const calls: [string, string][] = [
    ['GET', '/status'],
    ['POST', '/sync'],
    ['POST', '/commit'],
    ['GET', '/mcps'],
    ['GET', '/skills'],
    ['PUT', '/skills/a'],
    ['GET', '/skills/a/references/deep/er/file%20name.md'],
    ['DELETE', '/skill/a/files/x.txt'],
    ['POST', '/skills/import'],
    ['GET', '/commands'],
    ['GET', '/command/a'],
    ['GET', '/rule'],
    ['GET', '/agent'],
    ['GET', '/tool'],
    ['DELETE', '/workspace-template/a'],
    ['POST', '/rename/skill/a'],
    ['POST', '/migrate'],
    ['PUT', '/opencode/settings'],
    ['PUT', '/openagent/config'],
  ];
  for (const [method, path] of calls) {
    const response = await user(`/api/library${path}`, { method });
    expect([method, path, response.status, await response.text()]).toEqual([method, path, 503, notConfigured]);
    expect(response.headers.get('Content-Type')?.toLowerCase()).toBe('text/plain; charset=utf-8');
  }
});

test('a library that is set, by header or by variable, is said to be out of reach of this version', async () => {
  const byHeader = await user('/api/library/status', { headers: { 'x-openagent-library-remote': ' git@x:y.git ' } });
  const blank = await user('/api/library/status', { headers: { 'x-openagent-library-remote': '  ' } });
  const byVariable = await asUser('default', edgeEnv({ LIBRARY_REMOTE: 'git@x:y.git' }))('/api/library/status');

  expect([byHeader.status, byVariable.status]).toEqual([503, 503]);
  expect(await byHeader.text()).toMatch(/no library yet/);
  expect(await byVariable.text()).toMatch(/no library yet/);
  expect(await blank.text()).toBe(notConfigured);
});

test('an unknown path of the library is 404 without a body, another method on a known one 405', async () => {
  const unknown = await user('/api/library/nothing');
  const wrong = await user('/api/library/skills/a/references/b/c', { method: 'POST' });

  expect([unknown.status, await unknown.text()]).toEqual([404, '']);
  expect([wrong.status, wrong.headers.get('Allow')]).toEqual([405, 'DELETE, GET, HEAD, PUT']);
});

test('the agents to choose from are those of OpenCode that a mission can run with', async () => {
  await answeringHost(answersAgents());
  const response = await user('/api/library/openagent/agents');

  expect(response.status).toBe(200);
  expect(await response.json()).toEqual([
    { name: 'build', mode: 'primary', description: 'Builds', model: 'lab/m1' },
    { name: 'plan', mode: 'primary' },
    { name: 'reviewer', mode: 'all' },
  ]);
});

test('the settings page sees every agent, hidden ones and sub-agents too', async () => {
  await answeringHost(answersAgents());
  const list = (await (await user('/api/opencode/agents')).json()) as { name: string }[];

  expect(names(list)).toEqual(['build', 'plan', 'general', 'reviewer', 'title']);
  expect(JSON.stringify(list)).not.toContain('hidden');
});

test('while OpenCode does not answer, the agents its server last reported are shown; none where it never did', async () => {
  const { peer } = await answeringHost({
    'opencode.agents': () => {
      throw { code: 'unavailable', message: 'OpenCode does not answer' };
    },
  });
  const refused = await (await user('/api/library/openagent/agents')).json();
  peer.close();
  const away = await (await user('/api/library/openagent/agents')).json();
  await freshDirectory();
  await enrol();
  const never = await user('/api/library/openagent/agents');

  expect(refused).toEqual([{ name: 'build' }, { name: 'plan' }]);
  expect(away).toEqual(refused);
  expect([never.status, await never.json()]).toEqual([200, []]);
});

test('the preselected agent is the one that missions run anyway, and never one that is hidden or not there', async () => {
  const config = async () => (await (await user('/api/library/openagent/config')).json()) as Record<string, unknown>;
  const without = await config();
  const { peer } = await answeringHost(answersAgents('plan'));
  const chosen = await config();
  peer.close();

  expect(without).toEqual({
    hidden_agents: expect.arrayContaining(['general', 'compaction', 'orchestrator-sisyphus']),
    default_agent: 'build',
    desktop: { auto_close_grace_period_secs: 7200, cleanup_interval_secs: 900, warning_before_close_secs: 300 },
  });
  expect(chosen.default_agent).toBe('plan');
  expect(chosen.hidden_agents).not.toContain('build');
  await freshDirectory();
  await answeringHost(answersAgents('general'));
  expect((await config()).default_agent).toBe('build');
});
