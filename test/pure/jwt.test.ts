import { expect, test } from 'vitest';
import { signToken, verifyToken } from '../../worker/auth/jwt.ts';

const secret = 'a secret of long ago';
const claims = {
  sub: 'default',
  usr: 'Zoë',
  iat: 1_800_000_000,
  exp: 1_800_000_100,
  jti: 'a login',
  gen: 'a generation',
  pwd: 'a mark',
};
/** As it was issued on 2026-11-30. */
const token = [
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9',
  'eyJzdWIiOiJkZWZhdWx0IiwidXNyIjoiWm_DqyIsImlhdCI6MTgwMDAwMDAwMCwiZXhwIjoxODAwMDAwMTAwLCJqdGkiOiJhIGxvZ2luIiwiZ2VuIjoiYSBnZW5lcmF0aW9uIiwicHdkIjoiYSBtYXJrIn0',
  '7kXWZTF0wSdIuqv2wYICMSjFpZsksXmAM8yjX8Rhvx8',
].join('.');
/** As the first version issued it. */
const early = [
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9',
  'eyJzdWIiOiJkZWZhdWx0IiwidXNyIjoiWm_DqyIsImlhdCI6MTgwMDAwMDAwMCwiZXhwIjoxODAwMDAwMTAwfQ',
  '59XcysPs8qpakwe3Si1h6Bg_hqDDOgtGIn38z2mmvWg',
].join('.');

const at = (seconds: number) => verifyToken(token, secret, seconds * 1_000);

test('a login outlives an update: tokens are made of the same bytes as ever', async () => {
  expect(await signToken(claims, secret)).toBe(token);
  expect(await at(claims.exp - 1)).toEqual(claims);
});

test('a token from before logins could be ended is none', async () => {
  expect(await verifyToken(early, secret, claims.iat * 1_000)).toBeNull();
});

test('a token is taken for a minute longer than it lasts, because clocks differ, and no longer', async () => {
  expect(await at(claims.exp + 59)).toEqual(claims);
  expect(await at(claims.exp + 61)).toBeNull();
});

test('a token of another secret, another algorithm or none, or with rules that are not known here, is none', async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [, body, signature] = token.split('.');
  const others = [
    await signToken(claims, 'another secret'),
    `${part({ alg: 'none' })}.${body}.`,
    `${part({ alg: 'HS512', typ: 'JWT' })}.${body}.${signature}`,
    `${part({ alg: 'HS256', typ: 'JWT', crit: ['exp'] })}.${body}.${signature}`,
    `${token}.more`,
    ` ${token}`,
    '..',
    '',
  ];

  for (const other of others) expect(await verifyToken(other, secret, claims.iat * 1_000), other).toBeNull();
});
