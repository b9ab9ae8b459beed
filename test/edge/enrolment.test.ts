import { env } from 'cloudflare:test';
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test, vi } from 'vitest';
import { newHostResponse } from '../../shared/enrolment.ts';
import { closeCode, protocolVersion } from '../../shared/limits.ts';
import { app } from '../../worker/app.ts';
import { handClock } from '../support/hand-clock.ts';
import { asUser, edgeEnv, freshDirectory, request, tokenOf, users } from './edge.ts';
import { admin, dialled, enrolled, enrolWith, list, newCode } from './enrolling.ts';
import { dialHost, hello } from './host-peer.ts';

beforeEach(freshDirectory);

const hourMs = 3_600_000;

test('a code enrols one server, which can dial its link with what it was given', async () => {
  const clock = handClock(Date.now());
  const inviting = asUser('default', edgeEnv({ clock }));
  const response = await inviting('/api/hosts', { method: 'POST', json: { name: 'build box' } });
  const made = newHostResponse.parse(await response.json());
  expect(made.install).toBe(`curl -fsS http://127.0.0.1:8787/install.sh | sh -s -- ${made.code}`);
  expect(made.command).toBe(`openagent enroll http://127.0.0.1:8787 ${made.code}`);
  expect(made.warning).toBeNull();
  expect(Date.parse(made.expires_at)).toBe(clock.now() + hourMs);

  const server = await enrolled(made.code, { name: 'its own name' });

  expect(server).toMatchObject({ name: 'build box', epoch: 1 });
  expect(await dialled(server)).toBe(101);
  expect(await dialled({ ...server, credential: 'another' })).toBe(401);
  expect(await list()).toMatchObject([
    { id: server.id, name: 'build box', connected: false, live: false, agents: null, working_dir: null },
  ]);
});

test('the lines for a new server come with a warning where they would be fetched in the clear', async () => {
  const invited = async (origin: string, headers: Record<string, string> = {}, TRUST_PROXY = '') => {
    const Authorization = `Bearer ${await tokenOf('ada')}`;
    const asked = new Request(`${origin}/api/hosts`, { method: 'POST', headers: { ...headers, Authorization } });
    const answer = await app.fetch(asked, edgeEnv({ OPEN_AGENT_USERS: users('ada'), TRUST_PROXY }));
    return newHostResponse.parse(await answer.json());
  };
  const proxied = { 'X-Forwarded-Proto': 'https' };

  for (const origin of ['http://agents.example.com', 'http://10.0.0.5:8787', 'http://localhost.example.com']) {
    const { warning, install } = await invited(origin);
    expect(install).toContain(`curl -fsS ${origin}/install.sh`);
    expect(warning).toMatch(new RegExp(`^${origin} has no TLS: .*https`));
  }
  expect((await invited('http://agents.example.com', proxied)).warning).toMatch(/TRUST_PROXY=true/);
  expect((await invited('http://agents.example.com', proxied, 'true')).warning).toBeNull();
  for (const origin of ['https://agents.example.com', 'http://127.0.0.1:8787', 'http://[::1]', 'http://a.localhost'])
    expect((await invited(origin)).warning).toBeNull();
});

test('a server is called by its own name where the admin gave none, and says what it has', async () => {
  const server = await enrolled(await newCode(), { name: 'its own name' });
  const peer = await dialHost(server.id, server.epoch);
  peer.send(hello('r1', { capabilities: { agents: ['build', 'plan'], working_dir: '/srv' } }));
  await peer.next('welcome');

  await vi.waitFor(async () =>
    expect(await list()).toMatchObject([
      { name: 'its own name', connected: true, agents: ['build', 'plan'], working_dir: '/srv' },
    ]),
  );
  peer.close();
});

test('a code may be typed without care for case, dashes and letters that look like digits', async () => {
  const code = await newCode();
  const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;

  expect((await enrolWith(typed)).status).toBe(200);
});

test('a wrong, a used and an expired code get one and the same answer, which says what to do', async () => {
  const [used, expired] = [await newCode(), await newCode()];
  await enrolled(used);
  const now = await Promise.all(['', 'AAAA-AAAA-AAAA-AAAA-AAAA', used].map((code) => enrolWith(code)));
  const later = await enrolWith(expired, {}, edgeEnv({ clock: handClock(Date.now() + hourMs) }));

  const answers = [...now, later];
  const texts = new Set(await Promise.all(answers.map((answer) => answer.text())));

  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  expect([...texts]).toEqual([expect.stringContaining('openagent hosts add')]);
  expect(await list()).toHaveLength(1);
});

test('guessing is shut for its address after ten tries, also with a good code, and for nobody else', async () => {
  const bound = edgeEnv({ TRUST_PROXY: 'true' });
  const from = (address: string) => ({ 'X-Forwarded-For': address });
  const guesses = await Promise.all(
    Array.from({ length: 12 }, (_, n) => enrolWith(`GUESS-${n}`, {}, bound, from('9.9.9.9'))),
  );
  const code = await newCode();
  const shut = await enrolWith(code, {}, bound, from('9.9.9.9'));

  expect(guesses.filter(({ status }) => status === 403)).toHaveLength(10);
  expect([shut.status, await shut.text()]).toEqual([429, expect.stringMatching(/enrolments: try again in \d+ s/)]);
  expect((await enrolWith(code, {}, bound, from('1.1.1.1'))).status).toBe(200);
});

test('an enrolment forgives the failures before it, and neither counts against the other: logins and enrolments', async () => {
  for (let round = 0; round < 2; round += 1) {
    for (let guess = 0; guess < 9; guess += 1) await enrolWith('wrong');
    expect((await enrolWith(await newCode())).status).toBe(200);
  }
  for (let guess = 0; guess < 11; guess += 1) await enrolWith('wrong');
  expect((await enrolWith(await newCode())).status).toBe(429);
  const login = await request('/api/auth/login', { method: 'POST', json: { password: 'correct horse' } });
  expect(login.status).toBe(200);
});

test('of two servers that use one code at once, one is enrolled', async () => {
  const code = await newCode();
  const answers = await Promise.all([enrolWith(code), enrolWith(code)]);

  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
  expect(await list()).toHaveLength(1);
});

test('neither a code nor a credential is stored as it is', async () => {
  const code = await newCode();
  const { credential } = await enrolled(code);
  const tables = await Promise.all(
    ['enrolment_codes', 'hosts'].map((table) => env.DB.prepare(`SELECT * FROM ${table}`).all()),
  );

  const stored = JSON.stringify(tables.map(({ results }) => results));
  expect(stored).not.toContain(code);
  expect(stored).not.toContain(code.replaceAll('-', ''));
  expect(stored).not.toContain(credential);
});

test('a server of another link version is told which side to update, and its code stays good', async () => {
  const code = await newCode();
  const [newer, older] = [
    await enrolWith(code, { protocol: protocolVersion + 1, version: '9.9.9' }),
    await enrolWith(code, { protocol: protocolVersion - 1, version: '0.0.1' }),
  ];

  expect([newer.status, await newer.text()]).toEqual([409, expect.stringMatching(/9\.9\.9.*Update the edge/)]);
  expect([older.status, await older.text()]).toEqual([409, expect.stringMatching(/0\.0\.1.*on the server/)]);
  expect((await enrolWith(code)).status).toBe(200);
});

test('an enrolment whose answer was lost is repeated by the same attempt, and by no other', async () => {
  const code = await newCode();
  const attempt = 'a'.repeat(43);
  const lost = await enrolled(code, { attempt });
  const again = await enrolled(code, { attempt });

  expect(again).toMatchObject({ id: lost.id, workspace_id: lost.workspace_id, epoch: 2 });
  expect([await dialled(lost), await dialled(again)]).toEqual([401, 101]);
  expect((await enrolWith(code, { attempt: 'b'.repeat(43) })).status).toBe(403);
  expect(await list()).toHaveLength(1);
});

test('the same attempt twice at once is one server, with one good credential', async () => {
  const code = await newCode();
  const attempt = 'a'.repeat(43);
  const servers = await Promise.all([enrolled(code, { attempt }), enrolled(code, { attempt })]);

  expect(new Set(servers.map(({ id }) => id)).size).toBe(1);
  expect((await Promise.all(servers.map(dialled))).sort()).toEqual([101, 401]);
});

test('enrolled again, a server keeps its identity, and the credential it had is fenced at once', async () => {
  const server = await enrolled(await newCode());
  const peer = await dialHost(server.id, server.epoch);
  peer.send(hello('r1'));
  await peer.next('welcome');

  const again = await enrolled(await newCode('another name'), { host: server });

  expect(again).toMatchObject({ id: server.id, workspace_id: server.workspace_id, name: server.name, epoch: 2 });
  expect((await peer.closed).code).toBe(closeCode.staleEpoch);
  expect([await dialled(server), await dialled(again)]).toEqual([401, 101]);
  // A dial with the old credential that reaches the object only now.
  expect((await (await dialHost(server.id, server.epoch)).closed).code).toBe(closeCode.staleEpoch);
});

test('a server that cannot prove who it is keeps its code and is told to enrol as a new one', async () => {
  const server = await enrolled(await newCode());
  const code = await newCode();
  const answer = await enrolWith(code, { host: { id: server.id, credential: 'not its own' } });

  expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('--replace')]);
  expect(await dialled(server)).toBe(101);
  expect((await enrolWith(code)).status).toBe(200);
});

test('a repeat of an enrolment that has replaced a credential needs no other proof', async () => {
  const server = await enrolled(await newCode());
  const enrolling = { host: server, attempt: 'a'.repeat(43) };
  const code = await newCode();
  await enrolled(code, enrolling);

  expect(await enrolled(code, enrolling)).toMatchObject({ id: server.id, epoch: 3 });
});

test('with several users servers are for admins, and for everyone where none is marked', async () => {
  const marked = JSON.stringify([
    { username: 'ada', password: 'x', admin: true },
    { username: 'bob', password: 'x' },
  ]);
  const as = async (user: string, configured: string) => {
    const bound = edgeEnv({ OPEN_AGENT_USERS: configured });
    const headers = { Authorization: `Bearer ${await tokenOf(user, { bound })}` };
    const made = await request('/api/hosts', { method: 'POST', headers }, bound);
    const gone = await request(`/api/hosts/${randomUUID()}`, { method: 'DELETE', headers }, bound);
    return [made.status, gone.status];
  };

  expect(await as('ada', marked)).toEqual([200, 404]);
  expect(await as('bob', marked)).toEqual([403, 403]);
  expect(await as('bob', users('ada', 'bob'))).toEqual([200, 404]);
  expect((await request('/api/hosts', { method: 'POST' })).status).toBe(401);
  expect((await request('/api/hosts')).status).toBe(401);
});

test('a body that is none is refused before anything is counted', async () => {
  const bodies = [{}, { code: 7 }, { code: 'x', version: '1', protocol: -1 }, { code: 'x', version: '1' }];
  for (let round = 0; round < 4; round += 1) {
    const answers = await Promise.all(bodies.map((json) => request('/api/hosts/enrol', { method: 'POST', json })));
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 422]);
  }
  expect((await request('/api/hosts/enrol', { method: 'POST', body: 'code' })).status).toBe(415);
  expect((await admin('/api/hosts', { method: 'POST', json: { name: ' ' } })).status).toBe(422);
  expect((await enrolWith(await newCode())).status).toBe(200);
});
