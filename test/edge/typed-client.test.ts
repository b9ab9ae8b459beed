import { beforeEach, expect, test } from 'vitest';
import { app } from '../../worker/app.ts';
import { apiAt, dataOf } from '../support/typed-api.ts';
import { edgeEnv, enrol, freshDirectory, origin, tokenOf } from './edge.ts';

beforeEach(freshDirectory);

const client = async () =>
  apiAt(origin, { Authorization: `Bearer ${await tokenOf('default')}` }, async (request) =>
    app.fetch(request, edgeEnv()),
  );

test('the typed client sends paths, queries, headers and bodies as they are declared, and gives data or the words of a refusal', async () => {
  const { workspaceId } = await enrol();
  const api = await client();
  const made = {
    body: { title: 'typed', workspace_id: workspaceId },
    params: { header: { 'Idempotency-Key': 'one' } },
  };
  const { id } = await dataOf(api.POST('/api/control/missions', made));
  const again = await dataOf(api.POST('/api/control/missions', made));
  const path = { id: id.toUpperCase() };
  const read = await dataOf(api.GET('/api/control/missions/{id}', { params: { path } }));
  const list = await api.GET('/api/control/missions', { params: { query: { limit: '1', offset: '1' } } });
  const refused = await api.GET('/api/control/missions', { params: { query: { limit: 'x' } } });
  const absent = await api.GET('/api/library/skill/{name}/files/{path}', {
    params: { path: { name: 'a', path: 'b/c' } },
  });

  expect([again.id, read.title, list.data]).toEqual([id, 'typed', []]);
  expect(list.response.headers.get('X-Total-Count')).toBe('1');
  expect([refused.response.status, refused.error]).toEqual([400, expect.stringMatching(/^Invalid query: limit/)]);
  expect([absent.response.status, absent.data]).toEqual([503, undefined]);
  await expect(dataOf(api.DELETE('/api/control/queue/{id}', { params: { path: { id } } }))).rejects.toThrow(
    'answered 404',
  );
});

test('a call that is not as its route is declared does not compile', async () => {
  const api = await client();
  const wrong = [
    // @ts-expect-error There is no such path.
    () => api.GET('/api/nothing'),
    // @ts-expect-error It is not read by this method.
    () => api.PUT('/api/control/missions'),
    // @ts-expect-error Its id is missing.
    () => api.GET('/api/control/missions/{id}'),
    // @ts-expect-error Its body is missing.
    () => api.POST('/api/control/message'),
    // @ts-expect-error The message has another name.
    () => api.POST('/api/control/message', { body: { text: 'hello' } }),
    // @ts-expect-error There is no such field in its query.
    () => api.GET('/api/control/missions', { params: { query: { page: '1' } } }),
    // @ts-expect-error This call is not repeatable.
    () => api.DELETE('/api/control/queue', { params: { header: { 'Idempotency-Key': 'one' } } }),
    // @ts-expect-error The answer has no such field.
    async () => (await dataOf(api.GET('/api/health'))).uptime,
  ];

  expect(wrong).toHaveLength(8);
});
