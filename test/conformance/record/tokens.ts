// Tokens that are ours in all but one thing, and the headers they come in.
import { createHmac } from 'node:crypto';
import { handshake } from './exchange.ts';
import type { Masking } from './mask.ts';
import { jwtSecret } from './setting.ts';
import { record } from './writing.ts';

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const signed = (header: object, claims: object, secret = jwtSecret, hash = 'sha256'): string => {
  const content = `${encoded(header)}.${encoded(claims)}`;
  return `${content}.${createHmac(hash, secret).update(content).digest('base64url')}`;
};

export const tokens = async (mask: Masking): Promise<void> => {
  const now = Math.floor(Date.now() / 1000);
  const head = { alg: 'HS256', typ: 'JWT' };
  const own = { sub: 'ada', usr: 'ada', iat: now, exp: now + 3600 };
  const { usr: _u, ...noName } = own;
  const { exp: _e, ...noEnd } = own;
  const { iat: _i, ...noBegin } = own;
  const all: Record<string, string> = {
    good: signed(head, own),
    'without typ': signed({ alg: 'HS256' }, own),
    'of nobody': signed(head, { ...own, sub: 'nobody' }),
    'over since a minute less': signed(head, { ...own, exp: now - 30 }),
    over: signed(head, { ...own, exp: now - 3600 }),
    'with an end in text': signed(head, { ...own, exp: String(now + 3600) }),
    'with an end in parts': signed(head, { ...own, exp: now + 3600.5 }),
    'without an end': signed(head, noEnd),
    'without a beginning': signed(head, noBegin),
    'without a name': signed(head, noName),
    'from the future': signed(head, { ...own, iat: now + 9000 }),
    'not before': signed(head, { ...own, nbf: now + 9000 }),
    'with more': signed(head, { ...own, more: true }),
    'of another secret': signed(head, own, 'another'),
    'of HS512': signed({ alg: 'HS512' }, own, jwtSecret, 'sha512'),
    'of none': `${encoded({ alg: 'none' })}.${encoded(own)}.`,
    'with crit': signed({ ...head, crit: ['x'], x: 1 }, own),
    'with b64': signed({ ...head, b64: true }, own),
    'with padding': `${signed(head, own)}=`,
    'with a tail': `${signed(head, own)}.x`,
    'without a signature': signed(head, own).replace(/\.[^.]*$/, ''),
    'with claims in a list': signed(head, [own]),
  };
  const path = '/api/control/running';
  for (const [what, text] of Object.entries(all)) {
    await record({ method: 'GET', path, headers: { authorization: `Bearer ${text}` } }, `a token ${what}`, mask);
    await record(handshake('/api/console/ws', ['openagent', `jwt.${text}`]), `a socket's token ${what}`, mask);
  }
  const good = all.good ?? '';
  for (const value of [
    `bearer ${good}`,
    `BEARER  ${good} `,
    good,
    `Basic ${good}`,
    'Bearer',
    'Bearer ',
    `Bearer ${good} x`,
    `Token ${good}`,
  ])
    await record({ method: 'GET', path, headers: { authorization: value } }, `the header ${value}`, mask);
  for (const query of [`token=${good}`, `access_token=${good}`])
    await record({ method: 'GET', path: `${path}?${query}` }, 'a query', mask);
  for (const protocols of [[], [`jwt.${good}`], ['other', `jwt.${good}`], ['jwt.'], ['openagent']])
    await record(handshake('/api/monitoring/ws', protocols), `a socket of ${protocols.join()}`, mask);
};
