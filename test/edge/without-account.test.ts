import { env } from 'cloudflare:workers';
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test, vi } from 'vitest';
import type { MissionJson } from '../../shared/api.ts';
import type { Route } from '../../shared/routes/route.ts';
import { allRoutes } from '../../shared/routes/routes.ts';
import { accountsAreAway, accountsSeen } from './accounts-away.ts';
import { edgeEnv, enrol, freshDirectory, request, tokenOf, users } from './edge.ts';

const bound = { ...edgeEnv({ OPEN_AGENT_USERS: users('default', 'ada', 'bob') }), ACCOUNT: accountsSeen(env.ACCOUNT) };
/** One login, which the gate is told about by the account as well, and believes for a while. */
let token = '';
const ada = (path: string, init: RequestInit & { json?: unknown } = {}) =>
  request(path, { ...init, headers: { Authorization: `Bearer ${token}` } }, bound);
const control = (path: string, init: RequestInit & { json?: unknown } = {}) => ada(`/api/control/${path}`, init);
const post = (path: string, json: object = {}) => control(path, { method: 'POST', json });

let mission: MissionJson;

beforeEach(async () => {
  await freshDirectory();
  await enrol();
  token = await tokenOf('ada', { bound });
  mission = await (await post('missions', { title: 'Known' })).json<MissionJson>();
});

test('while the account of a user can not be reached no route answers 500, and each 503 says what is away', async () => {
  accountsAreAway();
  const isOfUsers = ({ who, path }: Route) => ['user', 'resident', 'admin'].includes(who) && !path.endsWith('/stream');
  for (const { method, path } of allRoutes.filter(isOfUsers)) {
    const named = path.replace(/:\w+(\{[^}]*\})?/g, path.includes('/missions/') ? mission.id : randomUUID());
    const answer = await ada(named, { method, ...(method === 'GET' || method === 'DELETE' ? {} : { json: {} }) });
    expect([answer.status, answer.status === 503 ? await answer.text() : ''], `${method} ${named}`).not.toEqual([
      500,
      '',
    ]);
    if (answer.status === 503) expect(answer.headers.get('content-type')).toContain('text/plain');
  }
});

test('a message is 503 with what to do, and taken once when it is sent again', async () => {
  const back = accountsAreAway();
  const refused = await post('message', { content: 'one', mission_id: mission.id });

  expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('try again')]);
  back();
  expect((await post('message', { content: 'one', mission_id: mission.id })).status).toBe(200);
  const read = await (await control(`missions/${mission.id}`)).json<MissionJson>();
  expect(read.history).toHaveLength(1);
});

test('a known mission is read, cancelled and deleted while the account is away, since D1 knows where it is', async () => {
  accountsAreAway();

  expect((await control(`missions/${mission.id}`)).status).toBe(200);
  expect((await control(`missions/${mission.id}/events`)).status).toBe(200);
  expect((await post(`missions/${mission.id}/status`, { status: 'failed' })).status).toBe(200);
  expect((await control(`missions/${mission.id}`, { method: 'DELETE' })).status).toBe(200);
  await vi.waitFor(async () => expect((await control(`missions/${mission.id}`)).status).toBe(404));
});
