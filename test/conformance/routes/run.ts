// Runs the cases of routes: each against the running system, good and bad.

import { expect, test } from 'vitest';
import { apiFetch } from '../../support/declared-answer.ts';
import { nilUuid } from '../contract/scalars.ts';
import { stack, token } from '../stage.ts';
import type { Bad, Good, RouteCase, Sending } from './case.ts';
import { filled } from './router.ts';
import { refusalOf } from './socket.ts';

interface Answer {
  status: number;
  type: string;
  text: string;
  headers: Headers;
}

const limitBytes = 2 * 1024 * 1024;
const json = { 'content-type': 'application/json' };
const login = (): Record<string, string> => ({ authorization: `Bearer ${token()}` });

const send = async (
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string | FormData | undefined,
): Promise<Answer> => {
  const response = await apiFetch(`${stack().url()}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const type = response.headers.get('content-type') ?? '';
  // A stream never ends: its beginning is its answer.
  const text =
    type.startsWith('text/event-stream') && response.body ? await beginning(response.body) : await response.text();
  return { status: response.status, type, text, headers: response.headers };
};

const beginning = async (body: ReadableStream<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    if (text.includes('\n\n')) break;
  }
  return text;
};

/** A refusal as contract §1.4 wants it. */
const expectText = (answer: Answer, { status, says }: Pick<Bad, 'status' | 'says'>, told: string): void => {
  expect(answer, told).toMatchObject({ status, text: typeof says === 'string' ? says : expect.stringMatching(says) });
  expect(answer.type.toLowerCase(), told).toBe('text/plain; charset=utf-8');
  expect(answer.text.trim(), told).not.toBe('');
  expect(answer.text, told).not.toMatch(/Internal error|\bat \S+ \(/);
};

const expectGood = async (answer: Answer, { status = 200, is, and }: Good, told: string): Promise<void> => {
  if (typeof is === 'string' || is instanceof RegExp) {
    expect(answer, told).toMatchObject({ status, text: typeof is === 'string' ? is : expect.stringMatching(is) });
    await and?.(answer.text);
    return;
  }
  expect(answer.status, `${told}: ${answer.text.slice(0, 300)}`).toBe(status);
  expect(answer.type, told).toMatch(/^application\/json\b/);
  const body: unknown = JSON.parse(answer.text);
  // Numbers as JSON writes them: an int is never 1.0, which iOS could not decode.
  expect(JSON.stringify(body) === answer.text, `${told} is not plain JSON`).toBe(true);
  const parsed = is.safeParse(body);
  expect(parsed.error?.issues ?? [], `${told}: ${answer.text.slice(0, 500)}`).toEqual([]);
  await and?.(body);
};

/** One test for each case. */
export const runCases = (cases: readonly RouteCase[]): void => {
  for (const each of cases) test(each.route, () => runCase(each));
};

const runCase = async (each: RouteCase): Promise<void> => {
  const [method = '', pattern = ''] = each.route.split(' ');
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(each.params ?? {}))
    values.set(name, typeof value === 'string' ? value : await value());
  const own = filled(pattern, (name) => values.get(name) ?? nilUuid);
  const shoot = async (
    sending: Sending | undefined,
    headers: Record<string, string>,
  ): Promise<{ answer: Answer; told: string }> => {
    const { path = own, body, headers: more = {} } = typeof sending === 'function' ? await sending() : (sending ?? {});
    const sent = body === undefined || body instanceof FormData ? body : JSON.stringify(body);
    const all = { ...headers, ...(typeof sent === 'string' ? json : {}), ...more };
    return {
      answer: await send(method, path, all, sent),
      told: `${method} ${path} ${String(sent ?? '').slice(0, 100)}`,
    };
  };

  await expectPreflight(own);
  if (!each.open) await expectLogin(each, method, own);
  if (each.socket) {
    expectText(await send(method, own, login()), { status: 400, says: /WebSocket/ }, `${method} ${own}`);
    for (const { query, status, says } of each.socket.refusals) {
      const refused = await refusalOf(`${own}${query}`, ['openagent', `jwt.${token()}`]);
      expect(refused, `${own}${query}`).toEqual([
        status,
        typeof says === 'string' ? says : expect.stringMatching(says),
      ]);
    }
  }
  for (const good of each.good) {
    const { answer, told } = await shoot(good.send, each.open === 'everybody' ? {} : login());
    await expectGood(answer, good, told);
  }
  for (const bad of each.bad) {
    const { answer, told } = await shoot(bad.send, each.open ? {} : login());
    expectText(answer, bad, told);
  }
  if (pattern.includes('/:id') && !values.has('id')) {
    for (const id of ['42', '%2e%2e%2f', `${nilUuid}0`, encodeURIComponent('💥\u0000')]) {
      const { answer, told } = await shoot(
        {
          path: filled(pattern, (name) => (name === 'id' ? id : (values.get(name) ?? nilUuid))),
          ...(each.body ? { body: {} } : {}),
        },
        login(),
      );
      if (!each.body || answer.status !== 422) expectText(answer, { status: 400, says: /^Invalid URL/ }, told);
    }
  }
  if (each.body) await expectWrongBodies(method, own, each.open ? {} : login());
};

/** Without a token, on every path, whatever is announced (contract §1.2, §1.5). */
const expectPreflight = async (path: string): Promise<void> => {
  const wanted = 'authorization, content-type, x-openagent-library-remote';
  const { status, headers } = await send('OPTIONS', path, {
    origin: 'https://app.example',
    'access-control-request-method': 'POST',
    'access-control-request-headers': wanted,
  });
  expect([status, headers.get('access-control-allow-headers'), headers.get('access-control-allow-origin')]).toEqual([
    204,
    wanted,
    '*',
  ]);
};

const expectLogin = async ({ socket }: RouteCase, method: string, path: string): Promise<void> => {
  expectText(
    await send(method, path, {}),
    { status: 401, says: 'Missing Authorization header' },
    `${method} ${path} without a token`,
  );
  const bad = await send(method, path, { authorization: 'Bearer a.b.c' });
  expectText(bad, { status: 401, says: 'Invalid or expired token' }, `${method} ${path} with a bad token`);
  if (socket) await expectSocketLogin(path);
};

const expectSocketLogin = async (path: string): Promise<void> => {
  expect(await refusalOf(path, ['openagent'])).toEqual([401, 'Missing websocket JWT']);
  expect(await refusalOf(path, ['openagent', 'jwt.a.b.c'])).toEqual([401, 'Invalid or expired token']);
};

/** Every form of a body that a mandatory JSON body can't have (contract §1.4). */
const expectWrongBodies = async (method: string, path: string, headers: Record<string, string>): Promise<void> => {
  const told = (what: string) => `${method} ${path} with ${what}`;
  const text = { ...headers, 'content-type': 'text/plain' };
  expectText(await send(method, path, text, '{}'), { status: 415, says: /JSON/ }, told('a text body'));
  expectText(
    await send(method, path, { ...headers, ...json }, '{"a":'),
    { status: 400, says: /JSON/ },
    told('half a JSON'),
  );
  expectText(
    await send(method, path, { ...headers, ...json }, ''),
    { status: 400, says: /JSON/ },
    told('an empty JSON body'),
  );
  expectText(
    await send(method, path, { ...headers, ...json }, '[]'),
    { status: 422, says: /^Invalid request body/ },
    told('a list'),
  );
  const large = await send(method, path, { ...headers, ...json }, `{"a":"${'x'.repeat(limitBytes)}"}`);
  expectText(large, { status: 413, says: /larger/ }, told('more than 2 MiB'));
};
