// An MCP server that nobody uses, as time passes, which only the test moves; its process is real.
import { realpathSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { makeLocalServers } from '../../host-agent/hands/local-servers/local-servers.ts';
import { idleMs } from '../../host-agent/hands/mcp/connections.ts';
import { mcpServer } from '../../host-agent/hands/mcp/definition.ts';
import { handClock } from '../support/hand-clock.ts';
import { temporaryDirectory } from '../support/host-store.ts';
import { localEntry } from '../support/mcp-client.ts';
import { patience } from '../support/patience.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';

test('it ends after a while, and the next result says that it was started anew', async () => {
  const clock = handClock();
  const mark = `mark:${uniqueSeconds()}`;
  const server = mcpServer.parse({ name: 'own', definition: localEntry(mark) });
  const servers = makeLocalServers(process.env, clock);
  onTestFinished(async () => void (await servers.endAll(clock)));
  const directory = realpathSync(temporaryDirectory());
  const call = () =>
    servers.serve(
      { do: 'request', server, method: 'tools/call', params: { name: 'say', arguments: {} }, onlyIfOpen: false },
      { directory, signal: new AbortController().signal, tell: () => undefined, keep: async () => '' },
    );
  expect(await call()).toMatchObject({ kind: 'result', calls: 0, isAgain: false });
  expect(await call()).toMatchObject({ kind: 'result', calls: 1, isAgain: false });
  expect(processesWith(mark)).toHaveLength(1);

  clock.advance(idleMs);

  await vi.waitFor(() => expect(processesWith(mark)).toEqual([]), patience);
  expect(await call()).toMatchObject({ kind: 'result', calls: 0, isAgain: true });
  expect(await call()).toMatchObject({ kind: 'result', calls: 1, isAgain: false });
});
