// How a server joins, links and goes; with the credential of an admin, of the launcher and of servers.
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stack } from '../stage.ts';
import { as, asEach, post } from './everybody.ts';
import { type Asked, exchange, handshake } from './exchange.ts';
import type { Masking } from './mask.ts';
import { record } from './writing.ts';

export const servers = async (mask: Masking): Promise<void> => {
  const state = join(stack().workingDir, '.openagent');
  const own = JSON.parse(readFileSync(join(state, 'host.json'), 'utf8'));
  const { vars } = JSON.parse(readFileSync(join(state, 'edge', 'wrangler.jsonc'), 'utf8'));
  const host = { id: own.id, name: own.name, epoch: own.epoch, workspace_id: own.workspaceId };
  const sha = createHash('sha256').update(own.credential).digest('hex');
  const launcher = { authorization: `Bearer ${vars.INTERNAL_TOKEN}` };
  const hidden: Masking = (text) =>
    mask(
      text
        .replaceAll(sha, '<sha>')
        .replaceAll(String(vars.INTERNAL_TOKEN), '<internal>')
        .replaceAll(/"credential":"[^"]+"/g, '"credential":"<credential>"')
        .replaceAll(/"attempt":"[^"]+"/g, '"attempt":"<attempt>"'),
    );
  for (const body of [{}, { host: { ...host, credential_sha256: 'x' } }, { host: { ...host, credential_sha256: sha } }])
    await record(post('/api/internal/setup', body, launcher), 'the launcher', hidden);

  const drawn = async () =>
    JSON.parse((await exchange(await as('ada', post('/api/hosts', { name: 'Third' })))).body).code;
  await asEach(post('/api/hosts', { name: ' ' }), hidden);
  await asEach(post('/api/hosts', {}), hidden);
  const enrol = (more: object): Asked =>
    post('/api/hosts/enrol', { version: '0.1.0', protocol: 1, name: 'joined', attempt: 'a'.repeat(40), ...more });
  const code = await drawn();
  for (const [who, asked] of Object.entries({
    'no code': enrol({ code: '' }),
    'an unknown code': enrol({ code: 'AAAA-BBBB-CCCC-DDDD-EEEE' }),
    'another protocol': enrol({ code, protocol: 999 }),
    'an older protocol': enrol({ code, protocol: 0 }),
    'a false identity': enrol({ code, host: { id: own.id, credential: 'guess' } }),
  }))
    await record(asked, who, hidden);
  await record(enrol({ code }), 'a code', hidden);
  const joined = await record(enrol({ code }), 'the same code and attempt', hidden);
  await record(enrol({ code, attempt: 'b'.repeat(40) }), 'the same code, another attempt', hidden);
  const made = joined.status === 200 ? JSON.parse(joined.body) : { id: randomUUID(), credential: 'none' };

  const links = {
    'no credential': {},
    'a wrong one': { authorization: `Bearer ${made.id}.guess` },
    'one of nobody': { authorization: `Bearer ${randomUUID()}.guess` },
    'one without a dot': { authorization: 'Bearer guess' },
  };
  const good = { authorization: `Bearer ${made.id}.${made.credential}` };
  for (const path of ['/api/host/link', `/api/host/relay/${randomUUID()}`, '/api/host/relay/x'])
    for (const [who, headers] of Object.entries({ ...links, 'its own': good })) {
      await record({ method: 'GET', path, headers }, `a server with ${who}`, hidden);
      await record(handshake(path, [], headers), `a server's socket with ${who}`, hidden);
    }
  await asEach({ method: 'GET', path: '/api/control/running', headers: good }, hidden, ['ada']);
  await asEach({ method: 'GET', path: `/api/hosts/${made.id}` }, hidden);
  await asEach({ method: 'GET', path: '/api/hosts' }, hidden, ['bob', 'ada']);
  await asEach({ method: 'GET', path: '/api/workspaces' }, hidden, ['bob', 'ada']);
  await asEach({ method: 'GET', path: `/api/system/components?host=${made.id}` }, hidden, ['ada']);
  await asEach({ method: 'GET', path: `/api/fs/list?path=/nowhere&host=${made.id}` }, hidden, ['ada']);
  await asEach({ method: 'DELETE', path: `/api/hosts/${String(made.id).toUpperCase()}` }, hidden);
  await record(handshake('/api/host/link', [], good), 'a removed server', hidden);
  await asEach({ method: 'GET', path: '/api/hosts' }, hidden, ['bob', 'ada']);
};
