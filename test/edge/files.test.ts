import { beforeEach, expect, test } from 'vitest';
import { asUser, edgeEnv, enrol, freshDirectory, password, request, users } from './edge.ts';
import { freshServer, host, me, peer, replyToCall } from './files-setup.ts';
import { dialHost, hello } from './host-peer.ts';
import { joinTransfer } from './transfer-peer.ts';

const severalUsers = edgeEnv({ DASHBOARD_PASSWORD: undefined, OPEN_AGENT_USERS: users('ada', 'bob') });

beforeEach(freshServer);

const form = (content: string, filename = 'a.txt') => {
  const body = new FormData();
  body.append('file', new File([content], filename));
  return body;
};

const newMission = async (as: typeof me): Promise<string> => {
  const created = await as('/api/control/missions', { method: 'POST', json: {} });
  return ((await created.json()) as { id: string }).id;
};

test('an upload goes to the server unread, with its type, and is answered with what the server stored', async () => {
  const mission = await newMission(me);
  const answer = me('/api/fs/upload?path=.%2Fcontext%2F', { method: 'POST', body: form('hello') });
  const { method, args } = await replyToCall({});
  const end = await joinTransfer(host, args.transfer);
  end.send({ type: 'grant', bytes: 1_000_000 });
  await end.next('end');
  end.send({ type: 'done', value: { path: '/wd/context/x/a.txt', name: 'a.txt' } });

  expect(await (await answer).json()).toEqual({ ok: true, path: '/wd/context/x/a.txt', name: 'a.txt' });
  expect(method).toBe('files.receive');
  expect(args).toMatchObject({
    path: './context/',
    owner: 'default',
    chunk: null,
    scope: { current: mission, missions: null, everything: true },
    contentType: expect.stringMatching(/^multipart\/form-data; *boundary=/),
  });
  expect(end.text()).toMatch(/Content-Disposition: form-data; name="file"; filename="a.txt"[\s\S]*hello/i);
});

test('a piece is answered with its number, and a finished upload with its path as sent', async () => {
  const query = 'path=./context/&upload_id=a.bin-9-1&chunk_index=1&total_chunks=3';
  const answer = me(`/api/fs/upload-chunk?${query}`, { method: 'POST', body: form('piece', 'blob') });
  const { args } = await replyToCall({});
  const end = await joinTransfer(host, args.transfer);
  end.send({ type: 'grant', bytes: 1_000_000 });
  await end.next('end');
  end.send({ type: 'done', value: { path: '/x', name: '1' } });
  expect(await (await answer).json()).toEqual({ ok: true, chunk_index: 1, total_chunks: 3 });
  expect(args.chunk).toEqual({ upload: 'a.bin-9-1', index: 1, total: 3 });

  const json = { path: './context/', upload_id: 'a.bin-9-1', file_name: 'a.bin', total_chunks: 3, unknown: 1 };
  const finish = me('/api/fs/upload-finalize', { method: 'POST', json });
  const finished = await replyToCall({ path: '/wd/context/x/a.bin', name: 'a.bin' });
  expect(await (await finish).json()).toEqual({ ok: true, path: './context/', name: 'a.bin' });
  expect(finished).toMatchObject({ method: 'files.finish', args: { owner: 'default', upload: 'a.bin-9-1', total: 3 } });
});

test('a refusal of the server reaches the client before and after the bytes, in its words', async () => {
  const before = me('/api/fs/upload?path=/x', { method: 'POST', body: form('hello') });
  await replyToCall({ code: 'forbidden', message: 'Not there.' }, false);
  expect([(await before).status, await (await before).text()]).toEqual([403, 'Not there.']);

  const after = me('/api/fs/upload?path=/x', { method: 'POST', body: form('hello') });
  const end = await joinTransfer(host, (await replyToCall({})).args.transfer);
  end.send({ type: 'failed', code: 'internal', message: "The server's disk is full." });
  expect([(await after).status, await (await after).text()]).toEqual([500, "The server's disk is full."]);
});

test('what is wrong with a request is said before any server is asked', async () => {
  const chunk = (query: string) => me(`/api/fs/upload-chunk?${query}`, { method: 'POST', body: form('x') });
  const good = 'path=./context/&upload_id=u&chunk_index=0&total_chunks=1';
  const finish = (json: object) => me('/api/fs/upload-finalize', { method: 'POST', json });
  const whole = { path: './context/', upload_id: 'u', file_name: 'f', total_chunks: 1 };
  const statuses = async (...asked: Promise<Response>[]) => (await Promise.all(asked)).map(({ status }) => status);

  expect(
    await statuses(
      me('/api/fs/upload', { method: 'POST', body: form('x') }),
      me('/api/fs/upload?path=%20', { method: 'POST', body: form('x') }),
      me('/api/fs/upload?path=/x', { method: 'POST', body: 'plain' }),
      me('/api/fs/upload?path=/x', { method: 'POST', json: {} }),
      me('/api/fs/list'),
      me('/api/fs/download'),
      chunk(good.replace('upload_id=u', 'upload_id=')),
      chunk(good.replace('upload_id=u', `upload_id=${'u'.repeat(1001)}`)),
      chunk(good.replace('path=./context/', 'path=')),
      chunk(good.replace('chunk_index=0', 'chunk_index=1')),
      chunk(good.replace('chunk_index=0', 'chunk_index=-1')),
      chunk(good.replace('chunk_index=0', 'chunk_index=1e3')),
      chunk(good.replace('total_chunks=1', 'total_chunks=0')),
      chunk(good.replace('total_chunks=1', 'total_chunks=100001')),
      chunk(good.replace('&total_chunks=1', '')),
      finish({ ...whole, path: ' ' }),
      finish({ ...whole, upload_id: '' }),
      finish({ ...whole, file_name: '' }),
      finish({ ...whole, total_chunks: 0 }),
      me('/api/fs/download-url', { method: 'POST', json: { url: 'https://example.com/a', path: '/x' } }),
    ),
  ).toEqual(Array(20).fill(400));
  expect(
    await statuses(
      finish({ ...whole, total_chunks: 1.5 }),
      finish({ ...whole, total_chunks: '1' }),
      finish({ path: './context/' }),
      me('/api/fs/mkdir', { method: 'POST', json: {} }),
      me('/api/fs/rm', { method: 'POST', json: { path: '/x', recursive: 'yes' } }),
      me('/api/fs/download-url', { method: 'POST', json: { path: '/x' } }),
    ),
  ).toEqual(Array(6).fill(422));
  expect(
    await statuses(
      request('/api/fs/list?path=/x'),
      me('/api/fs/mkdir', { method: 'POST', body: '{"path":"/x"}' }),
      me('/api/fs/mkdir', { method: 'POST', body: 'no', headers: { 'Content-Type': 'application/json' } }),
      me('/api/fs/upload'),
    ),
  ).toEqual([401, 415, 400, 405]);
  expect(peer.order).toEqual(['welcome']);
});

test('an upload that announces more than 10 GiB is refused with 413', async () => {
  const headers = { 'Content-Type': 'multipart/form-data; boundary=x', 'Content-Length': String(10 * 2 ** 30 + 1) };

  expect((await me('/api/fs/upload?path=/x', { method: 'POST', body: 'x', headers })).status).toBe(413);
  expect(
    (
      await me('/api/fs/upload-chunk?path=/x&upload_id=u&chunk_index=0&total_chunks=1', {
        method: 'POST',
        body: 'x',
        headers,
      })
    ).status,
  ).toBe(413);
});

test('paths reach the server decoded as forms are, and lists come back as they are', async () => {
  const entry = { name: 'a b', path: '/x y/a b', kind: 'file', size: 3, mtime: 1_700_000_000 };
  const listed = me('/api/fs/list?path=/x+y/%2B%20%C3%BC');
  const { method, args } = await replyToCall([entry]);
  expect(await (await listed).json()).toEqual([entry]);
  expect([method, args.path]).toEqual(['files.list', '/x y/+ ü']);

  const made = me('/api/fs/mkdir', { method: 'POST', json: { path: '/x+y' } });
  expect((await replyToCall({})).args.path).toBe('/x+y');
  expect(await (await made).json()).toEqual({ ok: true });

  const removed = me('/api/fs/rm', { method: 'POST', json: { path: '/x', recursive: null } });
  expect((await replyToCall({})).args).toMatchObject({ path: '/x', recursive: false });
  expect(await (await removed).json()).toEqual({ ok: true });
  const tree = me('/api/fs/rm', { method: 'POST', json: { path: '/x', recursive: true } });
  expect((await replyToCall({})).args).toMatchObject({ recursive: true });
  await tree;
});

test('a missing file is 404, and a server that is away 503', async () => {
  const missing = me('/api/fs/download?path=/x');
  await replyToCall({ code: 'not_found', message: 'File not found: /x' }, false);
  expect([(await missing).status, await (await missing).text()]).toEqual([404, 'File not found: /x']);

  peer.close();
  await peer.closed;
  expect((await me('/api/fs/list?path=/x')).status).toBe(503);
  await freshDirectory();
  const none = await me('/api/fs/list?path=/x');
  expect([none.status, await none.text()]).toEqual([503, expect.stringContaining('openagent up')]);
});

test("of several users each reaches missions of their own: another's is never named to the server", async () => {
  const [ada, bob] = [asUser('ada', severalUsers), asUser('bob', severalUsers)];
  const hers = await newMission(ada);
  const earlier = hers;
  const current = await newMission(ada);
  const ofBob = await newMission(bob);
  const scopeOf = async (as: typeof me, path: string) => {
    const listed = as(`/api/fs/list?path=${encodeURIComponent(path)}`);
    const { args } = await replyToCall([]);
    await listed;
    return args.scope as { current: string; missions: string[] };
  };

  expect(await scopeOf(ada, './context')).toMatchObject({ current, missions: [current] });
  const named = await scopeOf(ada, `/root/context/${earlier}/x`);
  expect(named.missions.toSorted()).toEqual([earlier, current].toSorted());
  const byDirectory = await scopeOf(ada, `/x/workspaces/mission-${earlier.slice(0, 8)}/a.png`);
  expect(byDirectory.missions.toSorted()).toEqual([earlier, current].toSorted());
  expect((await scopeOf(ada, `/root/context/${ofBob}/x`)).missions).toEqual([current]);
  expect((await scopeOf(ada, `/workspaces/mission-${ofBob.slice(0, 8)}/x`)).missions).toEqual([current]);
});

test('only an admin may be shown the whole server', async () => {
  const list = JSON.stringify([
    { username: 'ada', password, admin: true },
    { username: 'bob', password },
  ]);
  const bound = edgeEnv({ DASHBOARD_PASSWORD: undefined, OPEN_AGENT_USERS: list });
  for (const [name, everything] of [
    ['ada', true],
    ['bob', false],
  ] as const) {
    const listed = asUser(name, bound)('/api/fs/list?path=/');
    expect((await replyToCall([])).args.scope).toMatchObject({ everything });
    await listed;
  }
});

test('a path is looked for on the server of its mission', async () => {
  const far = await enrol();
  const farPeer = await dialHost(far.id);
  farPeer.send(hello('r2'));
  await farPeer.next('welcome');
  const there = await me('/api/control/missions', { method: 'POST', json: { workspace_id: far.workspaceId } });
  const mission = ((await there.json()) as { id: string }).id;
  const here = await newMission(me);
  const answerFar = async () => {
    const { id, args } = await farPeer.next('call');
    farPeer.send({ type: 'result', id, ok: true, value: [] });
    return args as { scope: object };
  };

  const named = me(`/api/fs/list?path=/workspaces/mission-${mission.slice(0, 8)}`);
  expect((await answerFar()).scope).toMatchObject({ current: null });
  const relative = me('/api/fs/list?path=./context');
  expect((await replyToCall([])).args.scope).toMatchObject({ current: here });
  const absolute = me('/api/fs/list?path=/srv');
  await replyToCall([]);
  await Promise.all([named, relative, absolute]);

  await me(`/api/control/missions/${mission}/load`, { method: 'POST' });
  const loaded = me('/api/fs/list?path=/root/context');
  expect((await answerFar()).scope).toMatchObject({ current: mission });
  await loaded;
});
