// Tools that start programs and requests, by way of the hands as they are installed.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test, vi } from 'vitest';
import type { Ask } from '../../host-agent/hands/call/outcome.ts';
import { callTool } from '../support/hands-client.ts';
import { startHandsProcess } from '../support/hands-process.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';

const allowed = (permission: 'bash' | 'webfetch', pattern: string): Ask[] => [
  { permission, patterns: [pattern], always: [], metadata: {} },
];

test('pages are fetched by the proxy that the environment names', async () => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('by the proxy');
  });
  // Node asks for a tunnel where it could just ask for the page.
  proxy.on('connect', ({ url = '' }, socket) => {
    asked.push(url);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const address = proxy.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const hands = await startHandsProcess({ env: { HTTP_PROXY: `http://127.0.0.1:${port}` } });
  const directory = await hands.mission('m1');
  const url = 'http://page.invalid/x';

  await callTool(hands.socket, { tool: 'webfetch', args: { url }, directory, granted: allowed('webfetch', url) });
  expect(asked.join()).toContain('page.invalid');
  await hands.close();
  proxy.close();
});

test('the end of the hands, whatever way, ends what a command left running', async () => {
  const hands = await startHandsProcess();
  const directory = await hands.mission('m1');
  const sleeper = uniqueSeconds();
  const command = `sleep ${sleeper}`;
  const granted = allowed('bash', command);
  const { structuredContent } = await callTool(hands.socket, {
    tool: 'bash',
    args: { command, background: true },
    directory,
    granted,
  });

  expect(structuredContent).toMatchObject({ kind: 'done', text: expect.stringContaining('runs in the background') });
  expect(processesWith(sleeper)).toHaveLength(1);
  await hands.kill();
  await vi.waitFor(() => expect(processesWith(sleeper)).toEqual([]));
  await hands.close();
});
