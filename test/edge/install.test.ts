import { expect, test } from 'vitest';
import { edgeEnv, origin, request } from './edge.ts';

const edgeIn = (script: string) => /^EDGE='(.*)'$/m.exec(script)?.[1];

test('the installer is public and knows the edge that sent it', async () => {
  const response = await request('/install.sh');

  expect(response.status).toBe(200);
  expect(response.headers.get('Cache-Control')).toBe('no-store');
  expect(edgeIn(await response.text())).toBe(origin);
});

test('behind a proxy that is believed, the installer calls the edge by https', async () => {
  const headers = { 'X-Forwarded-Proto': 'https' };
  const believed = await request('/install.sh', { headers }, edgeEnv({ TRUST_PROXY: 'true' }));
  const unknown = await request('/install.sh', { headers });

  expect(edgeIn(await believed.text())).toBe(origin.replace('http:', 'https:'));
  expect(edgeIn(await unknown.text())).toBe(origin);
});
