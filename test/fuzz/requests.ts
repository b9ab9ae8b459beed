/** Bad input for the HTTP side: every declared route, with anything in path, query, headers and body. */
import { randomUUID } from 'node:crypto';
import type { Route } from '../../shared/routes/route.ts';
import { allRoutes } from '../../shared/routes/routes.ts';
import { inside, nasty, pick, type Random, textOf } from './frames.ts';

export interface HttpShot {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | null;
}

/** The declared routes, of which there are some; but for those that end the login by which all others are tried. */
export const routesToTry = (): [Route, ...Route[]] => {
  const [first, ...rest] = allRoutes.filter(({ path }) => !path.startsWith('/api/auth/') || !path.endsWith('/logout'));
  if (!first) throw new Error('no route is declared');
  return [first, ...rest];
};

const methods: [string, ...string[]] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Path segments in the place of an id. */
const segment = (random: Random, ids: [string, ...string[]]): string =>
  pick<() => string>(random, [
    () => pick(random, ids),
    () => pick(random, ids).toUpperCase(),
    () => randomUUID(),
    () =>
      pick(random, ['%', '%zz', '%00', '%ff', '%ed%a0%80', '..%2f..', '%2e%2e', '-1', '__proto__', 'a'.repeat(5_000)]),
    () => encodeURIComponent('爆💥\u0000'),
  ])();

const queryText = (random: Random): string => {
  const names: [string, ...string[]] = ['after', 'format', 'mission_id', 'types', 'limit', 'offset', '__proto__', ''];
  const values: [string, ...string[]] = [
    '',
    ...['0', '1', '-1', '1e9', '999999999999999', '9'.repeat(40), 'NaN', 'default', 'delta', 'DELTA', '%', '%ff%fe'],
    ...['a.b.1', '...', '=,=,=', 'x=y'.repeat(500), ',', 'user_message,thinking', 'user_message%00', '%ed%a0%80'],
    ...[`${randomUUID()}.${randomUUID()}.999999999999999`, `${randomUUID()}=${randomUUID()}.s.1`, 'z'.repeat(6_000)],
  ];
  const pairs = Array.from({ length: random(4) }, () => `${pick(random, names)}=${pick(random, values)}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
};

const headersOf = (random: Random, login: Record<string, string>): Record<string, string> => ({
  ...(random(12) === 0 ? {} : login),
  ...(random(15) === 0
    ? { authorization: pick(random, ['', 'Bearer', 'Bearer ', 'Bearer a.b.c', 'Basic x', 'Bearer é.é.é', 'bearer ..']) }
    : {}),
  ...(random(3) === 0
    ? { 'last-event-id': pick(random, ['', '0', 'a.b.c', `${randomUUID()}.x.1`, 'é', ','.repeat(3_000), '__proto__']) }
    : {}),
  ...(random(4) === 0 ? { 'idempotency-key': pick(random, ['', ' ', 'k', 'é', 'x'.repeat(201), '__proto__']) } : {}),
  ...(random(15) === 0 ? { upgrade: 'websocket', connection: 'Upgrade' } : {}),
  ...(random(15) === 0 ? { origin: pick(random, ['null', 'http://evil.example', '\u00e9']) } : {}),
});

const json = 'application/json';
const contentTypes: readonly [string, ...string[]] = [
  json,
  ...[json, json, json, `${json}; charset=latin1`, 'APPLICATION/JSON', 'application/x+json'],
  ...['text/plain', '', 'multipart/form-data', ';;;', 'é'],
];

/** Bodies that some route takes, to be changed. */
const bodies = (ids: [string, ...string[]]): [object, ...object[]] => [
  { content: 'what is true?', agent: null, mission_id: ids[0] },
  { title: 'a title', workspace_id: ids[0], agent: 'build', model_override: 'a/b' },
  { status: 'blocked' },
  { clean_workspace: true },
  { password: 'guess', username: 'ada' },
  { host: { id: ids[0], name: 'x', credential_sha256: 'a'.repeat(64), epoch: 1, workspace_id: ids[0] } },
  { tool_call_id: 'call', name: 'question', result: { answers: [['yes']] } },
];

/** The Worker takes 2 MiB; now and then more. */
const oversized = 3 * 1024 * 1024;

const bodyOf = (random: Random, ids: [string, ...string[]]): Buffer => {
  const valid = pick(random, bodies(ids));
  return pick<() => Buffer>(random, [
    () => Buffer.from(textOf(valid)),
    () => Buffer.from(textOf(inside(random, valid))),
    () => Buffer.from(textOf(inside(random, valid))),
    () => Buffer.from(textOf(nasty(random))),
    () => Buffer.from(textOf({ ...valid, content: 'half \ud800', title: 'zero \u0000', more: nasty(random) })),
    () => Buffer.from(pick(random, ['', '{', 'null', '[]', '"', '{"a":1}{', '\ufeff{}', 'a=b&c=d', '{"content":}'])),
    () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    () => (random(20) === 0 ? Buffer.alloc(oversized, 'x') : Buffer.from('['.repeat(100_000))),
  ])();
};

/** One request; `ids` are those of missions and messages that exist. */
export const httpShot = (
  random: Random,
  routes: [Route, ...Route[]],
  ids: [string, ...string[]],
  login: Record<string, string>,
): HttpShot => {
  const route = pick(random, routes);
  const method = random(10) === 0 ? pick(random, methods) : route.method;
  const path = route.path.replace(/:\w+/g, () => segment(random, ids));
  const doubled = random(10) === 0 ? path.replace('/', '//') : path;
  const hasBody = method !== 'GET' && method !== 'HEAD' && random(8) > 0;
  return {
    method,
    path: `${doubled}${queryText(random)}`,
    headers: { ...headersOf(random, login), ...(hasBody ? { 'content-type': pick(random, contentTypes) } : {}) },
    body: hasBody ? bodyOf(random, ids) : null,
  };
};
