// What else each path is asked: other methods, queries and parameters that are none, bodies that are none.
import { randomUUID } from 'node:crypto';
import { nilUuid } from '../contract/scalars.ts';
import { filled } from '../routes/router.ts';
import type { Asked } from './exchange.ts';

const json = { 'content-type': 'application/json' };
const overLimit = `{"a":"${'x'.repeat(2 * 1024 * 1024)}"}`;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];

/**
 * Bodies that a mandatory JSON body can't be; without `all` only those that start nothing where a body may be left out.
 */
export const wrongBodies = (method: string, path: string, all: boolean): Asked[] => {
  if (method === 'GET') return [];
  const asked = (headers: Record<string, string>, body: string | Uint8Array): Asked => ({
    method,
    path,
    headers,
    body,
  });
  const some = [asked(json, '[]'), asked(json, '7'), asked(json, overLimit)];
  if (!all) return some;
  return [
    ...some,
    asked({ 'content-type': 'text/plain' }, '{}'),
    asked({}, '{}'),
    asked({ 'content-type': 'application/vnd.x+json; charset=utf-8' }, '{}'),
    asked({ 'content-type': 'application/json;charset=latin1' }, '{}'),
    asked(json, '{"a":'),
    asked(json, ''),
    asked(json, 'null'),
    asked(json, '"text"'),
    asked(json, '{}'),
    asked(json, '{"__proto__":{"a":1},"a":1,"a":2}'),
    asked(json, '['.repeat(300)),
    asked(json, `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`),
    asked(json, '\ufeff{}'),
    asked(json, Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)),
    asked(json, '{"a":"\\ud800"}'),
  ];
};

const parameters = [
  '42',
  '%2e%2e%2f',
  `${nilUuid}0`,
  encodeURIComponent('💥\u0000'),
  'x'.repeat(500),
  '%ff',
  '%ED%A0%80',
  '__proto__',
  '%',
];

/** Each parameter of the path in turn as what it can't be. */
export const ofParameters = (method: string, pattern: string, values: ReadonlyMap<string, string>): Asked[] =>
  [...pattern.matchAll(/:(\w+)/g)].flatMap(([, wrong]) =>
    parameters.map((value) => ({
      method,
      path: filled(pattern, (name) => (name === wrong ? value : (values.get(name) ?? nilUuid))),
      ...(method === 'GET' ? {} : { headers: json, body: '{}' }),
    })),
  );

const unknownHost = randomUUID();
const queries = [
  ...[
    'limit=0',
    'limit=-1',
    'limit=ten',
    'limit=1.5',
    'limit=',
    'limit=501',
    'limit=9999999999999999',
    'limit=1&limit=2',
  ],
  ...['offset=-1', 'offset=x', 'offset=1000000', 'limit=1&offset=1', 'limit=1'],
  ...[`host=${unknownHost}`, 'host=', 'host=x', 'mission_id=x', `mission_id=${nilUuid}`, 'unknown=%ED%A0%80&x'],
];

/** Parts of lists, and servers that are not there. */
export const ofQuery = (method: string, path: string): Asked[] =>
  method === 'GET' ? queries.map((query) => ({ method, path: `${path}?${query}` })) : [];

/** Each method on a path, but for those that are routes of their own. */
export const otherMethods = (path: string, own: readonly string[]): Asked[] => [
  ...methods.filter((method) => !own.includes(method)).map((method) => ({ method, path })),
  {
    method: 'OPTIONS',
    path,
    headers: {
      origin: 'https://app.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, x-anything',
    },
  },
  ...(own.includes('GET') ? [{ method: 'GET', path, headers: { origin: 'https://app.example' } }] : []),
];

export const unknownPaths = [
  ...[
    '/api',
    '/api/',
    '/api/nothing',
    '/api/control',
    '/api/control/missions/a/b/c',
    '/api/health/x',
    '/api/__proto__',
  ],
  ...[
    '/nothing',
    '/%',
    '/api/%ff',
    '//api//health',
    '/api//control///running',
    '/api/health/',
    '/api/control/running/',
  ],
  ...[
    '/API/health',
    '/api/control/../health',
    '/api/control/%2e%2e/health',
    '/index.html',
    '/favicon.ico',
    '/robots.txt',
  ],
];
