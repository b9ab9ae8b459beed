import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { edgeEnv, password, request, secret } from './edge.ts';

test('the address in a browser is a page that says what runs there and where to go on', async () => {
  const answer = await request('/');
  const page = await answer.text();

  expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, 'text/html; charset=UTF-8']);
  for (const said of [
    'Open Agent is running',
    'http://127.0.0.1:8787/api',
    'href="/api/health"',
    'README.md',
    'Dashboards',
  ])
    expect(page).toContain(said);
  expect(page).toContain('width=device-width');
  expect(page).toContain('color-scheme:light dark');
  expect(page.match(/<(h1|p)>/g)).toHaveLength(5);
  for (const hidden of [secret, password]) expect(page).not.toContain(hidden);
});

test('a browser may load, run, frame and send nothing from that page, and its style is the one that is allowed', async () => {
  const answer = await request('/');
  const style = /<style>(.*)<\/style>/s.exec(await answer.text())?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');

  expect(answer.headers.get('Content-Security-Policy')).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
});

test('other unknown paths stay an empty 404, and other methods are told what there is', async () => {
  for (const path of ['/index.html', '/dashboard', '/favicon.ico']) {
    const answer = await request(path);
    expect([answer.status, await answer.text()]).toEqual([404, '']);
  }
  const posted = await request('/', { method: 'POST' });
  expect([posted.status, posted.headers.get('Allow')]).toEqual([405, 'GET, HEAD']);
  expect((await request('/', { method: 'HEAD' })).status).toBe(200);
});

test('the page is there without a login that works, and behind a proxy names the address of its client', async () => {
  expect((await request('/', {}, edgeEnv({ DASHBOARD_PASSWORD: undefined, JWT_SECRET: undefined }))).status).toBe(200);
  const proxied = await request('/', { headers: { 'X-Forwarded-Proto': 'https' } }, edgeEnv({ TRUST_PROXY: 'true' }));
  expect(await proxied.text()).toContain('<code>https://127.0.0.1:8787</code>');
});
