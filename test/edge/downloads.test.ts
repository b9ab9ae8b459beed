// A file as HTTP has it: whole, in ranges, and only where it has changed.
import { beforeEach, expect, test } from 'vitest';
import { attachment, contentType } from '../../worker/files/content.ts';
import { freshServer, host, me, replyToCall } from './files-setup.ts';
import { joinTransfer } from './transfer-peer.ts';

beforeEach(freshServer);

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
