// Every case of every route, as nobody, with a wrong token, as somebody else and as its owner; and what else each path
// may be asked.
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, test } from 'vitest';
import { nilUuid } from '../contract/scalars.ts';
import type { RouteCase, Sending } from '../routes/case.ts';
import { cases } from '../routes/cases.ts';
import { filled } from '../routes/router.ts';
import { as, asEach, everybody, settled, tokenOf, type Who } from './everybody.ts';
import { type Asked, handshake } from './exchange.ts';
import { type Masking, newMasking } from './mask.ts';
import { ofParameters, ofQuery, otherMethods, unknownPaths, wrongBodies } from './probes.ts';
import { scenes } from './scenes.ts';
import { recordFile } from './setting.ts';
import { record, write } from './writing.ts';

const json = { 'content-type': 'application/json' };
const all = Object.values(cases).flat();
const routes = all.map(({ route }) => route);

/** Methods of all routes that a concrete path belongs to. */
const methodsOf = (concrete: string): string[] =>
  routes.flatMap((route) => {
    const [method = '', path = ''] = route.split(' ');
    const pattern = path.replace(/:\w+(\{[^}]*\})?/g, (_, rest) => (rest ? '.+' : '[^/]+'));
    return new RegExp(`^${pattern}$`).test(concrete) ? [method] : [];
  });

const partsOf = async ({ route, params = {} }: RouteCase) => {
  const [method = '', pattern = ''] = route.split(' ');
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(params))
    values.set(name, typeof value === 'string' ? value : await value());
  return { method, pattern, values, own: filled(pattern, (name) => values.get(name) ?? nilUuid) };
};

const recordCase = async (each: RouteCase): Promise<void> => {
  const { method, pattern, values, own } = await partsOf(each);
  const mask = newMasking();
  const take = async (asked: Asked, who: Who): Promise<void> => {
    const { status } = await record(await as(who, asked), who, mask);
    if (method !== 'GET' && status < 300 && own.startsWith('/api/control/')) await settled();
  };
  /** Made anew for each who may change something by it. */
  const made = async (sending: Sending | undefined): Promise<Asked> => {
    const { path = own, body, headers = {} } = typeof sending === 'function' ? await sending() : (sending ?? {});
    const sent = body === undefined || body instanceof FormData ? body : JSON.stringify(body);
    return { method, path, body: sent, headers: { ...(typeof sent === 'string' ? json : {}), ...headers } };
  };
  const sendings = [...each.good.map(({ send }) => send), ...each.bad.map(({ send }) => send), undefined];
  for (const sending of sendings) {
    const first = await made(sending);
    for (const who of ['nobody', 'wrong', 'bob'] as const) await take(first, who);
    // What can't be done a second time is asked with what the first one made.
    await take(await made(sending).catch(() => first), 'ada');
  }
  if (each.socket) {
    const refusals = each.socket.refusals.map(({ query }) => query);
    for (const query of refusals.length > 0 ? refusals : ['']) await recordSocket(`${own}${query}`, mask);
  }
  const probes = [
    ...ofParameters(method, pattern, values),
    ...ofQuery(method, own),
    ...wrongBodies(method, own, each.body === 'required'),
  ];
  for (const probe of probes) for (const who of ['nobody', 'ada'] as const) await take(probe, who);
};

const recordSocket = async (path: string, mask: Masking): Promise<void> => {
  for (const who of everybody) {
    const own = await tokenOf(who);
    await record(handshake(path, ['openagent', ...(own === null ? [] : [`jwt.${own}`])]), `${who}, a socket`, mask);
  }
};

beforeAll(() => writeFileSync(recordFile, ''));

const recorded = (title: string, take: () => Promise<void>): void =>
  test(title, async () => {
    write(`\n# ${title}`);
    await take();
  });

for (const [name, own] of Object.entries(cases))
  describe(name, () => {
    for (const each of own) recorded(each.route, () => recordCase(each));
  });

describe('other methods', () => {
  for (const pattern of [...new Set(routes.map((route) => route.split(' ')[1] ?? ''))].toSorted())
    recorded(`other methods of ${pattern}`, async () => {
      const path = filled(pattern, () => nilUuid);
      const mask = newMasking();
      for (const probe of otherMethods(path, methodsOf(path))) await asEach(probe, mask, ['nobody', 'ada']);
    });
});

describe('no path of ours', () => {
  recorded('no path of ours', async () => {
    const mask = newMasking();
    for (const path of unknownPaths)
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
        for (const who of ['nobody', 'wrong', 'ada'] as const) await record(await as(who, { method, path }), who, mask);
  });
});

describe('scenes', () => {
  for (const { title, take } of scenes)
    recorded(title, async () => {
      await settled();
      await take(newMasking());
    });
});
