// What `openagent doctor` says of the hands.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSettings } from '../../host-agent/config/settings.ts';
import { lineOf } from '../../host-agent/machine/check.ts';
import { handsChecks } from '../../host-agent/machine/hands-checks.ts';
import { temporaryDirectory } from '../support/host-store.ts';
import { askServer, initialize } from '../support/mcp-client.ts';
import { startHands } from '../support/running-hands.ts';

const said = async (workingDir: string, more: Record<string, string> = {}): Promise<string[]> =>
  (await handsChecks(readSettings({ WORKING_DIR: workingDir, ...more }))).map(lineOf);

test('doctor tells hands that run from those that do not, and how busy they are', async () => {
  const workingDir = temporaryDirectory();
  expect(await said(workingDir)).toEqual([expect.stringMatching(/^✓ The process that runs tools does not run now/)]);
  const hands = await startHands({ testTools: true, state: join(workingDir, '.openagent') });
  await hands.mission('m1');

  expect(await said(workingDir)).toEqual([
    `✓ The process that runs tools is there (process ${hands.pid}): 1 mission known, 0 calls at work`,
  ]);
});

test('doctor names an MCP server that could not be used, and why', async () => {
  const workingDir = temporaryDirectory();
  const hands = await startHands({ testTools: true, state: join(workingDir, '.openagent') });
  const directory = await hands.mission('m1');
  const definition = { type: 'local', command: ['/nowhere/at-all'] };
  await expect(askServer(hands.socket, { directory, name: 'gone', definition, ...initialize })).rejects.toThrow();

  expect(await said(workingDir)).toContainEqual(
    expect.stringMatching(/^✗ The MCP server "gone" could not be used: .*ENOENT.* — without it: its tools\. Mend/),
  );
});

test('doctor says that a place is too deep for sockets, and what to do', async () => {
  const deep = join(temporaryDirectory(), 'a'.repeat(60), 'b'.repeat(60));

  expect(await said(deep)).toEqual([
    expect.stringMatching(
      /^✗ The process that runs tools has no room for its sockets .*at most 107 bytes.*WORKING_DIR/,
    ),
  ]);
});

test('with an OpenCode of a person’s own, doctor says whose tools agents have', async () => {
  expect(await said(temporaryDirectory(), { OPENCODE_BASE_URL: 'http://127.0.0.1:9' })).toEqual([
    '✓ Agents have the tools of the OpenCode of OPENCODE_BASE_URL',
  ]);
});
