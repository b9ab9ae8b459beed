import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { webfetchTool, workspaceFetchUrlTool } from '../../host-agent/hands/tools/webfetch.ts';
import { callAllowed, callGranting, situationIn } from '../support/tool-call.ts';

let mission: string;
const servers: Server[] = [];

beforeEach(() => {
  mission = realpathSync(mkdtempSync(join(tmpdir(), 'openagent-fetch-')));
});
afterEach(() => {
  rmSync(mission, { recursive: true, force: true });
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server of this machine; resolves with its address. */
const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const sends =
  (type: string, body: string | Buffer, status = 200): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': type }).end(body);

const page = `<!doctype html><html><head><title>T</title><style>p{}</style></head><body><h1>Head</h1>
  <p>One <b>bold</b> <a href="/x">link</a> &amp; more</p><script>alert(1)</script>
  <ul><li>a</li><li>b</li></ul><pre><code>x = 1
y = 2</code></pre><table><tr><th>k</th><th>v</th></tr><tr><td>1</td><td>2</td></tr></table></body></html>`;

test('an address is asked for as OpenCode asks for it, and nothing is fetched before', async () => {
  let asked = 0;
  const url = await serve((_, response) => {
    asked += 1;
    response.end('x');
  });

  const timeout = 60; // Seconds, for an agent that names none.
  expect(await webfetchTool.run({ url }, situationIn(mission))).toEqual({
    kind: 'asks',
    asks: [{ permission: 'webfetch', patterns: [url], always: ['*'], metadata: { url, format: 'markdown', timeout } }],
  });
  expect(asked).toBe(0);
});

test('a page comes as Markdown, as text or as it is, over http of this machine too', async () => {
  const url = await serve(sends('text/html; charset=utf-8', page));
  const as = async (format: string) => (await callAllowed(webfetchTool, { url, format }, situationIn(mission))).text;

  const markdown = await as('markdown');
  expect(markdown).toContain('# Head');
  expect(markdown).toContain('One **bold** [link](/x) & more');
  expect(markdown).toMatch(/- +a\n- +b/);
  expect(markdown).toContain('```\nx = 1\ny = 2\n```');
  expect(markdown).not.toContain('alert');
  expect(await as('text')).toMatch(/Head\s+One bold link & more/);
  expect(await as('text')).not.toContain('alert');
  expect(await as('html')).toBe(page);
});

test('an image is shown, and what is neither is kept in a file', async () => {
  const png = Buffer.from('89504e470d0a1a0a', 'hex');
  const image = await serve(sends('image/png', png));
  const pdf = await serve(sends('application/pdf', Buffer.from('%PDF-1.7\0')));

  expect(await callAllowed(webfetchTool, { url: image }, situationIn(mission))).toMatchObject({
    images: [{ mime: 'image/png', base64: png.toString('base64') }],
  });
  const { text } = await callAllowed(webfetchTool, { url: `${pdf}/a.pdf` }, situationIn(mission));
  expect(readFileSync(/It is in (\S+\.pdf)\.$/.exec(text)?.[1] ?? '', 'latin1')).toBe('%PDF-1.7\0');
});

test('a page in another encoding is read in that', async () => {
  const header = await serve(sends('text/plain; charset=iso-8859-1', Buffer.from('caf\xe9', 'latin1')));
  const meta = await serve(sends('text/html', Buffer.from('<meta charset="windows-1252"><p>caf\xe9', 'latin1')));

  expect((await callAllowed(webfetchTool, { url: header }, situationIn(mission))).text).toBe('café');
  expect((await callAllowed(webfetchTool, { url: meta }, situationIn(mission))).text).toBe('café');
});

test('what unpacks to more than 5 MB is not read on, and the agent is told what to do', async () => {
  const url = await serve((_, response) =>
    response
      .writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })
      .end(gzipSync(Buffer.alloc(64 * 1024 * 1024))),
  );

  expect(await callGranting(webfetchTool, { url }, situationIn(mission))).toMatchObject({
    kind: 'failed',
    text: expect.stringContaining('more than 5 MB'),
  });
});

test('another server to which an address leads is asked for before it is asked', async () => {
  let asked = 0;
  const other = await serve((_, response) => {
    asked += 1;
    response.end('there');
  });
  const url = await serve((request, response) =>
    response.writeHead(302, { location: request.url === '/' ? '/next' : `${other}/page` }).end(),
  );
  const granted = [{ permission: 'webfetch' as const, patterns: [url], always: ['*'], metadata: {} }];
  const second = await webfetchTool.run({ url }, situationIn(mission, { granted }));

  expect(second).toMatchObject({ kind: 'asks', asks: [{ patterns: [`${other}/page`] }] });
  expect(asked).toBe(0);
  const both = [...granted, ...(second.kind === 'asks' ? second.asks : [])];
  expect(await webfetchTool.run({ url }, situationIn(mission, { granted: both }))).toMatchObject({ text: 'there' });
});

test('errors of servers and of the network are told with what can be done', async () => {
  const missing = await serve(sends('text/html', '<h1>No such page</h1>', 404));
  const silent = await serve(() => undefined);
  const failed = async (url: string, more: object = {}) => {
    const outcome = await callGranting(webfetchTool, { url, ...more }, situationIn(mission));
    return outcome.kind === 'failed' ? outcome.text : outcome;
  };

  expect(await failed(`${missing}/x`)).toBe(`${missing}/x answered 404.\nNo such page`);
  const timeout = 0.2;
  expect(await failed(silent, { timeout })).toBe(`${silent}/ did not answer within 0.2 seconds.`);
  expect(await failed('http://127.0.0.1:9/')).toMatch(/could not be fetched: (connect ECONNREFUSED|bad port)/);
  expect(await failed('file:///etc/passwd')).toContain('begin with http:// or https://');
});

test('a cancelled turn ends the request', async () => {
  const turn = new AbortController();
  const url = await serve(() => turn.abort(new Error('cancelled')));

  await expect(callGranting(webfetchTool, { url }, situationIn(mission, { signal: turn.signal }))).rejects.toThrow(
    'cancelled',
  );
});

test('the alias gives text, and keeps what has more than 20,000 characters', async () => {
  const url = await serve(sends('text/html', `<p>${'word '.repeat(6000)}</p>`));
  const { text } = await callAllowed(workspaceFetchUrlTool, { url }, situationIn(mission));

  expect(text).toMatch(/^word word/);
  expect(text).toMatch(/\(\d+ characters in all; they are in \S+\.txt\./);
  expect(text.length).toBeLessThan(21_000);
});

test('a long answer of one line is shown from its beginning', async () => {
  const url = await serve(sends('application/json', JSON.stringify({ a: 'é'.repeat(100_000) })));
  const { text } = await callAllowed(webfetchTool, { url }, situationIn(mission));

  expect(text).toMatch(/^\{"a":"éé/);
  expect(text).not.toContain('\ufffd');
  expect(Buffer.byteLength(text)).toBeLessThan(50 * 1024);
  expect(readFileSync(/they are in (\S+\.md)\./.exec(text)?.[1] ?? '', 'utf8')).toHaveLength(100_008);
});

test('a page that is nested without end, or is one huge table, neither hangs nor breaks anything', async () => {
  const deep = await serve(sends('text/html', '<div>'.repeat(200_000)));
  const wide = await serve(sends('text/html', `<table>${'<tr><td>a</td><td>b</td></tr>'.repeat(100_000)}</table>`));
  const open = await serve(sends('text/html', '<a <b '.repeat(200_000)));

  for (const url of [deep, wide, open])
    expect(await callGranting(webfetchTool, { url }, situationIn(mission))).toMatchObject({ kind: 'done' });
});
