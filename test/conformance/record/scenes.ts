// What takes more than one request: logins, servers that join, files with conditions, answers to agents, keys of
// repeated requests.
import { vi } from 'vitest';
import { patience } from '../../support/patience.ts';
import { startStack } from '../../support/stack.ts';
import { newMission } from '../routes/fixtures.ts';
import { gateName, me, model, password } from '../stage.ts';
import { asEach, post } from './everybody.ts';
import { files } from './files.ts';
import type { Masking } from './mask.ts';
import { servers } from './servers.ts';
import { ada } from './setting.ts';
import { tokens } from './tokens.ts';
import { asking, recordTurn, turns } from './turn.ts';
import { record } from './writing.ts';

const logins = async (mask: Masking): Promise<void> => {
  const bodies: unknown[] = [
    ada,
    { ...ada, username: ' ADA ' },
    { ...ada, username: 'nobody' },
    { password: ada.password },
  ];
  bodies.push({ ...ada, username: null }, { ...ada, password: '' }, { ...ada, password: `${ada.password}\u0000` }, ada);
  for (const body of bodies) await record(post('/api/auth/login', body), 'a login', mask);
  for (let n = 0; n < 12; n++)
    await record(post('/api/auth/login', { username: 'carol', password: 'wrong' }), `guess ${n + 1}`, mask);
};

const repeated = async (mask: Masking): Promise<void> => {
  const key = { 'idempotency-key': 'the same' };
  for (const path of ['/api/control/missions', '/api/control/message']) {
    const mission_id = path.endsWith('message') ? await newMission('Repeated') : undefined;
    const body = path.endsWith('message') ? { content: 'SAY once', mission_id } : { title: 'Once' };
    for (const asked of [
      post(path, body, key),
      post(path, body, key),
      post(path, { ...body, agent: 'build' }, key),
      post(path, body, { 'idempotency-key': ' ' }),
      post(path, body, { 'idempotency-key': 'x'.repeat(201) }),
    ])
      await asEach(asked, mask, ['ada', 'bob']);
  }
};

/** A question: listed, answered by somebody else, answered, answered again. */
const asks = async (mask: Masking): Promise<void> => {
  await recordTurn('Asked', asking, mask, async (mission) => {
    const list = async () =>
      (await me().call('GET', '/api/control/permissions')).json.find(
        (each: { mission_id: string }) => each.mission_id === mission,
      );
    const { id, tool_call_id } = await vi.waitUntil(list, patience);
    for (const path of [
      'permissions',
      'running',
      `missions/${mission}`,
      `missions/${mission}/events`,
      `stream?mission_id=${mission}`,
      `stream?format=delta&mission_id=${mission}`,
    ])
      await asEach({ method: 'GET', path: `/api/control/${path}` }, mask, ['bob', 'ada']);
    const answers = { answers: [['Blue']] };
    await asEach(post(`/api/control/permissions/${id}`, { reply: 'once' }), mask, ['bob', 'ada']);
    await asEach(post(`/api/control/questions/${id}`, { answers: [] }), mask, ['bob', 'ada']);
    await asEach(post(`/api/control/questions/${id}`, answers), mask);
    await asEach(post(`/api/control/questions/${id}`, answers), mask, ['bob', 'ada']);
    await asEach(post('/api/control/tool_result', { tool_call_id, name: 'question', result: answers }), mask, [
      'bob',
      'ada',
    ]);
  });
};

const turnsOfAll = Object.entries(turns).map(([title, script]) => ({
  title: `a turn: ${title}`,
  take: async (mask: Masking): Promise<void> => {
    const gate = gateName();
    await recordTurn(title, script(gate), mask, async () => {
      if (!script(gate).includes(gate)) return;
      await model().reached(gate);
      model().release(gate);
    });
  },
}));

/** The same few requests to a system with one user, and to one without authentication. */
const modes = async (mask: Masking): Promise<void> => {
  for (const environment of [{}, { DEV_MODE: 'true' }] as Record<string, string>[]) {
    const other = await startStack(environment);
    try {
      const at = other.url();
      for (const path of ['/', '/api/health', '/api/hosts', '/api/control/missions', '/api/nothing', '/install.sh'])
        for (const headers of [
          {},
          { origin: 'https://evil.example' },
          { origin: at },
          { host: 'evil.example' },
          { authorization: 'Bearer a.b.c' },
        ] as Record<string, string>[])
          for (const method of ['GET', 'OPTIONS'])
            await record({ method, path, headers, at }, JSON.stringify(environment), (text) =>
              mask(text.replaceAll(other.workingDir, '<directory>')),
            );
      for (const body of [{ password }, { password: 'wrong' }, { ...ada, password }, { username: 'x', password }])
        await record({ ...post('/api/auth/login', body), at }, JSON.stringify(environment), mask);
    } finally {
      await other.close();
    }
  }
};

export const scenes: { title: string; take: (mask: Masking) => Promise<void> }[] = [
  { title: 'tokens', take: tokens },
  { title: 'files', take: files },
  { title: 'requests sent again', take: repeated },
  ...turnsOfAll,
  { title: 'a question', take: asks },
  { title: 'servers', take: servers },
  { title: 'modes', take: modes },
  { title: 'logins', take: logins },
];
