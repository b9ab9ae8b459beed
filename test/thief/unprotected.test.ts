// Where agents act as root there is no place, and the thief has nearly everything: the first hole that is planted.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noRoot, unless } from '../support/needs.ts';
import { startTarget, type Target } from './target.ts';
import { type Visit, visitOf } from './visit.ts';

let target: Target;
let visit: Visit;

beforeAll(async () => {
  if (noRoot) return;
  target = await startTarget({ AGENT_USER: 'root' });
  visit = await visitOf(target);
});
afterAll(() => target?.close());

/** Everything that it got, as one text. */
const got = (): string => visit.got.join('\n');

test.skipIf(noRoot)(unless(noRoot, 'no attempt of the thief stumbles'), () => {
  expect(visit.lines.filter(({ failed }) => failed !== undefined)).toEqual([]);
});

test
  .skipIf(noRoot)
  .each([
    'key of the provider',
    'password of OpenCode',
    'key that signs logins',
    'key in the environment',
    'credential of the server',
    'internal token of the edge',
    'login of the admin',
    'file of another user',
    'file of root',
  ])(unless(noRoot, 'an agent that is root gets the %s, and the thief sees that it does'), (secret) => {
  expect(visit.got.filter((item) => item.includes(secret))).not.toEqual([]);
});

test.skipIf(noRoot).each([
  ['is root', /identity: the machine/],
  ['opens files of others', /secretFiles: /],
  ['walks through places', /wholePlaces: /],
  ['speaks at sockets', /sockets: somebody at a socket .*control\.sock/],
  ['is answered by OpenCode with its password', /ports: an answer .*\/config\/providers/],
  ['is answered by the edge with a login of another', /ports: an answer .*\/api\/hosts/],
  ['writes elsewhere', /writes: /],
  ['answers its own question', /answers: a question of its own/],
  ['does harm', /harm: .* was changed/],
])(unless(noRoot, 'an agent that is root %s'), (_what, pattern) => {
  expect(got()).toMatch(pattern);
});
