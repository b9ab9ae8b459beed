// What dashboards poll, at 200 servers: the directory and the user's account answer, and objects of servers where
// nothing of the user is alive sleep on.
import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { commandId, missionId } from '../../shared/ids.ts';
import { awayMs } from '../../shared/limits.ts';
import { accountOf } from '../../worker/account/account-of.ts';
import { changeFacts } from '../../worker/host/effects/facts.ts';
import { setMeta } from '../../worker/host/tables.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { replyToCalls } from './answering-host.ts';
import { withQuestionsSeen } from './d1-questions.ts';
import { asUser, edgeEnv, freshDirectory, teamUsers } from './edge.ts';
import { connectedSince, dialHost, enrolHost, type HostPeer, hello } from './host-peer.ts';
import { objectsAhead } from './object-clock.ts';
import { wokenBy } from './woken.ts';

const bound = edgeEnv({ OPEN_AGENT_USERS: teamUsers });
/** An admin, with nothing on any server. */
const ada = asUser('ada', bound);
/** A user, with something on two of them. */
const bob = asUser('bob', bound);
const count = 200;
let [quiet, live, hisOnQuiet] = ['', '', ''];
let peer: HostPeer;

const up = async (host: string, slots: number): Promise<HostPeer> => {
  const dialled = await dialHost(host);
  dialled.send(hello('r1', { capabilities: { agents: ['build'], working_dir: '/srv', slots } }));
  await dialled.next('welcome');
  await vi.waitFor(async () => expect(await connectedSince(host)).not.toBeNull());
  return dialled;
};

const missionOn = async (host: string) => {
  const id = missionId.parse(crypto.randomUUID());
  const made = { id, owner: 'bob', workspace: 'w', title: 'His', agent: null, model: null };
  expect((await hostObject(env, host).createMission(made)).ok).toBe(true);
  return id;
};

beforeEach(async () => {
  await freshDirectory();
  [quiet, live] = [crypto.randomUUID(), crypto.randomUUID()];
  for (const host of [quiet, live]) await enrolHost(host);
  const others = Array.from({ length: count - 2 }, () => crypto.randomUUID());
  await env.DB.batch(
    others.map((id) =>
      env.DB.prepare(
        `INSERT INTO hosts (id, name, credential_sha256, epoch, workspace_id, created_at, connected_since, slots)
           VALUES (?, 'other', '', 1, ?, 1, 1, 3)`,
      ).bind(id, crypto.randomUUID()),
    ),
  );
  hisOnQuiet = await missionOn(quiet);
  peer = await up(live, 2);
  const message = {
    id: commandId.parse(crypto.randomUUID()),
    mission: await missionOn(live),
    content: 'go',
    agent: null,
  };
  expect(await hostObject(env, live).message('bob', message)).toMatchObject({ ok: true });
  await peer.next('commands');
  await vi.waitFor(async () =>
    expect((await accountOf(env, 'bob').servers()).map(({ host, live: is }) => [host, is])).toEqual(
      expect.arrayContaining([
        [quiet, false],
        [live, true],
      ]),
    ),
  );
});

const evictAll = async (): Promise<void> => {
  for (const host of [quiet, live]) await evictDurableObject(env.HOST.getByName(host));
};

const wokenByGet = (who: typeof bob, path: string): Promise<string[]> =>
  wokenBy(async () => {
    const answer = await who(`/api/${path}`);
    expect(answer.status, path).toBe(200);
    await answer.text();
  });

test.each([
  'control/running',
  'control/parallel/config',
  'control/queue',
  'control/permissions',
  'control/progress',
  'stats',
])('GET %s wakes the server where something of the user is alive, and no other', async (path) => {
  await evictAll();
  expect(await wokenByGet(bob, path)).toEqual([live]);
  expect(await wokenByGet(ada, path)).toEqual([]);
});

test.each(['hosts', 'workspaces', 'control/missions', 'control/tree', 'runs', 'health'])(
  'GET %s wakes no server',
  async (path) => {
    await evictAll();
    expect(await wokenByGet(bob, path)).toEqual([]);
    expect(await wokenByGet(ada, path)).toEqual([]);
  },
);

test('quotas and connections wake the servers of whoever asks, and connections only those that are there', async () => {
  await evictAll();
  expect((await wokenByGet(bob, 'quotas')).toSorted()).toEqual([quiet, live].toSorted());
  await evictAll();
  replyToCalls(peer, {});
  expect(await wokenByGet(bob, 'opencode/connections')).toEqual([live]);
});

test('slots of all servers are known without asking them', async () => {
  expect(await (await ada('/api/control/parallel/config')).json()).toEqual({
    max_parallel_missions: (count - 2) * 3 + 2 + 4,
    running_count: 0,
  });
  expect(await (await bob('/api/control/parallel/config')).json()).toMatchObject({ running_count: 1 });
});

test.each([
  ['control/missions', 1],
  ['control/missions?limit=1', 1],
  ['control/missions?deleted=true', 1],
  ['control/missions/current', 1],
  ['control/parallel/config', 1],
  ['stats', 1],
  ['control/running', 0],
])('GET %s asks D1 as often as %i times, whatever its answer is made of', async (path, questions) => {
  await accountOf(env, 'bob').setCurrent({ mission: hisOnQuiet, host: quiet });
  let asked = 0;
  const DB = withQuestionsSeen(env.DB, () => {
    asked += 1;
  });

  const answer = await asUser('bob', { ...bound, DB })(`/api/${path}`);

  expect(answer.status).toBe(200);
  await answer.text();
  expect(asked).toBe(questions);
});

/** When what was looked at before counts no more. */
const later = asUser('ada', {
  ...bound,
  clock: { ...systemClock, steadyMs: () => systemClock.steadyMs() + 10_000 },
});
const shown = async (host: string, query = '', as = ada): Promise<boolean | undefined> =>
  (await (await as(`/api/hosts${query}`)).json<{ id: string; connected: boolean }[]>()).find(({ id }) => id === host)
    ?.connected;

test('a list shows a link as soon as it begins and ends, whoever ends it, and one that ended with its object', async () => {
  expect([await shown(live), await shown(quiet)]).toEqual([true, false]);
  peer.close();
  await vi.waitFor(async () => expect(await shown(live)).toBe(false));

  await up(live, 2);
  expect(await shown(live)).toBe(true);
  // Its object ended with the link, and comes back believing in it.
  await runInDurableObject(env.HOST.getByName(quiet), (_object, { storage }) => {
    setMeta(storage.sql, 'link_looks_at', String(Date.now() + 60_000));
    changeFacts(storage.sql, { connected_since: 5 });
  });
  await hostObject(env, quiet).setStatus('bob', hisOnQuiet, 'failed');
  expect(await shown(quiet)).toBe(true);
  await evictDurableObject(env.HOST.getByName(quiet));
  await hostObject(env, quiet).usage('bob');
  await vi.waitFor(async () => expect(await shown(quiet)).toBe(false));
});

test('a server that went without a word is called away by the look that its object takes now and then', async () => {
  expect(await shown(live)).toBe(true);
  objectsAhead(15 * 60_000);
  await vi.waitFor(async () => {
    await runDurableObjectAlarm(env.HOST.getByName(live));
    expect(await shown(live)).toBe(false);
  });
});

test('whoever looks at a list of servers learns at once of one that went without a word, and so does D1', async () => {
  await env.DB.prepare("DELETE FROM hosts WHERE name = 'other'").run();
  expect(await shown(live, '?look=true')).toBe(true);
  objectsAhead(awayMs + 1_000);
  expect(await shown(live)).toBe(true);

  expect(await shown(live, '?look=true', later)).toBe(false);

  await vi.waitFor(async () => expect(await shown(live)).toBe(false));
});
