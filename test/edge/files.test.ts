import { beforeEach, expect, test } from 'vitest';
import type { Env } from '../../worker/env.ts';
import { attachment, contentType } from '../../worker/files/content.ts';
import { asUser, type EnrolledHost, edgeEnv, enrol, freshDirectory, password, request, users } from './edge.ts';
import { dialHost, type HostPeer, hello } from './host-peer.ts';
import { joinTransfer } from './transfer-peer.ts';

let host: EnrolledHost;
let peer: HostPeer;

/** The one user of a server without a list of users. */
const alone: Env = edgeEnv();
const me = asUser('default', alone);
const severalUsers = edgeEnv({ DASHBOARD_PASSWORD: undefined, OPEN_AGENT_USERS: users('ada', 'bob') });

beforeEach(async () => {
  await freshDirectory();
  host = await enrol();
  peer = await dialHost(host.id);
  peer.send(hello('r1'));
  await peer.next('welcome');
});

/** Answers the server's next call. Out: what it was asked. */
const replyToCall = async (value: unknown, ok = true) => {
  const { id, method, args } = await peer.next('call');
  peer.send({ type: 'result', id, ok, value });
  return {
    method,
    args: args as Record<string, unknown> & { scope: object; transfer: { id: string; secret: string } },
  };
};

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

const described = { name: 'pic ü.png', size: 10, mtimeMs: 1_700_000_000_000, tag: '"t"' };

test('a download has its length, type and name, and its bytes', async () => {
  const answer = me('/api/fs/download?path=./pic.png');
  const { args } = await replyToCall({ ...described, span: { start: 0, bytes: 10 } });
  const end = await joinTransfer(host, args.transfer);
  await end.next('grant');
  end.sendBytes(new TextEncoder().encode('0123456789'));
  end.send({ type: 'end' });
  const response = await answer;

  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': '10',
    'content-disposition': `attachment; filename="pic _.png"; filename*=UTF-8''pic%20%C3%BC.png`,
    'accept-ranges': 'bytes',
    etag: '"t"',
    'x-content-type-options': 'nosniff',
    'access-control-allow-origin': '*',
  });
  expect(await response.text()).toBe('0123456789');
});

test('a range is a part with its place, one outside is 416, and HEAD describes without a transfer', async () => {
  const answer = me('/api/fs/download?path=/x', { headers: { Range: 'bytes=2-4', 'If-Range': '"t"' } });
  const { args } = await replyToCall({ ...described, span: { start: 2, bytes: 3 } });
  const end = await joinTransfer(host, args.transfer);
  await end.next('grant');
  end.sendBytes(new TextEncoder().encode('234'));
  end.send({ type: 'end' });
  const response = await answer;
  expect(args).toMatchObject({ range: { first: 2, last: 4 }, rangeOfTag: '"t"' });
  expect([response.status, response.headers.get('content-range')]).toEqual([206, 'bytes 2-4/10']);
  expect(await response.text()).toBe('234');

  const outside = me('/api/fs/download?path=/x', { headers: { Range: 'bytes=99-' } });
  await replyToCall({ ...described, span: null });
  expect([(await outside).status, (await outside).headers.get('content-range')]).toEqual([416, 'bytes */10']);

  const head = me('/api/fs/download?path=/x', { method: 'HEAD' });
  expect((await replyToCall({ ...described, span: { start: 0, bytes: 10 } })).args.transfer).toBe(null);
  expect([(await head).status, (await head).headers.get('content-length')]).toEqual([200, '10']);
});

/** The server's side of a download that is sent. */
const deliver = async (transfer: { id: string; secret: string }) => {
  const end = await joinTransfer(host, transfer);
  await end.next('grant');
  end.sendBytes(new TextEncoder().encode('0123456789'));
  end.send({ type: 'end' });
};

test.for([
  ['If-None-Match', '"t"', 304],
  ['If-None-Match', 'W/"t"', 304],
  ['If-None-Match', '"x", W/"t"', 304],
  ['If-None-Match', '*', 304],
  ['If-None-Match', '"x"', 200],
  ['If-Match', '"t"', 200],
  ['If-Match', 'W/"t"', 412],
  ['If-Match', '"x"', 412],
  ['If-Match', '*', 200],
  ['If-Modified-Since', 'Tue, 14 Nov 2023 22:13:20 GMT', 304],
  ['If-Modified-Since', 'Tue, 14 Nov 2023 22:13:19 GMT', 200],
  ['If-Modified-Since', 'Tuesday, 14-Nov-23 22:13:20 GMT', 304],
  ['If-Modified-Since', 'Tue Nov 14 22:13:20 2023', 304],
  ['If-Modified-Since', '2099', 200],
  ['If-Unmodified-Since', 'Tue, 14 Nov 2023 22:13:19 GMT', 412],
  ['If-Unmodified-Since', 'Tue, 14 Nov 2023 22:13:20 GMT', 200],
] as const)('a file asked for with %s: %s is answered by %i', async ([name, value, status]) => {
  for (const method of ['GET', 'HEAD']) {
    const answer = me('/api/fs/download?path=/x', { method, headers: { [name]: value } });
    const { args } = await replyToCall({ ...described, span: status === 200 ? { start: 0, bytes: 10 } : null });
    expect(Object.values(args.conditions as object).filter((text) => text !== null)).toEqual([value]);
    if (status === 200 && method === 'GET') await deliver(args.transfer);
    const response = await answer;
    expect([response.status, response.headers.get('etag')]).toEqual([status, '"t"']);
    const isSent = status === 200 && method === 'GET';
    if (status !== 412) expect(Buffer.from(await response.arrayBuffer()).toString()).toBe(isSent ? '0123456789' : '');
  }
});

test('If-None-Match goes before If-Modified-Since, and conditions before the range', async () => {
  const headers = { 'If-None-Match': '"x"', 'If-Modified-Since': 'Tue, 14 Nov 2023 22:13:20 GMT', Range: 'bytes=99-' };
  const outside = me('/api/fs/download?path=/x', { headers });
  await replyToCall({ ...described, span: null });
  expect((await outside).status).toBe(416);
  const unchanged = me('/api/fs/download?path=/x', { headers: { ...headers, 'If-None-Match': '"t"' } });
  await replyToCall({ ...described, span: null });
  expect((await unchanged).status).toBe(304);
});

test('a range is for GET alone, of the file that If-Range names', async () => {
  const head = me('/api/fs/download?path=/x', { method: 'HEAD', headers: { Range: 'bytes=99-' } });
  expect((await replyToCall({ ...described, span: { start: 0, bytes: 10 } })).args.range).toBeNull();
  expect([(await head).status, (await head).headers.get('content-range')]).toEqual([200, null]);

  for (const [tag, status] of [
    ['"t"', 206],
    ['"x"', 200],
  ] as const) {
    const whole = me('/api/fs/download?path=/x', { headers: { Range: 'bytes=0-', 'If-Range': tag } });
    await deliver((await replyToCall({ ...described, span: { start: 0, bytes: 10 } })).args.transfer);
    const response = await whole;
    expect([response.status, response.headers.get('content-range')]).toEqual([
      status,
      status === 206 ? 'bytes 0-9/10' : null,
    ]);
    await response.arrayBuffer();
  }
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

test('names and types of downloads are what contract and browsers expect', () => {
  expect(attachment('report.md')).toBe('attachment; filename="report.md"');
  expect(attachment('a"b\\c\r\nSet-Cookie: x%.txt')).toBe(
    `attachment; filename="a_b_c__Set-Cookie: x_.txt"; filename*=UTF-8''a%22b%5Cc%0D%0ASet-Cookie%3A%20x%25.txt`,
  );
  expect(attachment("it's (1)*.txt\u{1f600}")).toContain(`filename*=UTF-8''it%27s%20%281%29%2A.txt%F0%9F%98%80`);
  expect(['a.PNG', 'b.jpeg', 'c.md', 'd', 'e.exe', '.json', 'f.toString'].map(contentType)).toEqual([
    'image/png',
    'image/jpeg',
    'text/markdown; charset=utf-8',
    'application/octet-stream',
    'application/octet-stream',
    'application/json',
    'application/octet-stream',
  ]);
});
