// MCP servers in places of the warden: each acts as the Linux user of its mission's owner.
import { describe, expect, test } from 'vitest';
import { callServer } from '../support/mcp-client.ts';
import { noMount, unless } from '../support/needs.ts';
import { startPlaces } from '../support/places.ts';

/** A server of one tool, which says who it is and what it finds; without anything that would have to be seen there. */
const program = `
const { readdirSync } = require('node:fs');
const names = (path) => { try { return readdirSync(path); } catch (error) { return error.code; } };
const answers = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'who', version: '1' } }),
  'tools/call': () => ({ content: [{ type: 'text', text: JSON.stringify({
    uid: process.getuid(), home: process.env.HOME, cwd: process.cwd(), state: names(process.argv[1]),
    ours: Object.keys(process.env).filter((name) => /OPENCODE|PASSWORD/.test(name)),
  }) }] }),
};
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const result = answers[method]?.(params) ?? {};
  console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
});
`;

describe.skipIf(noMount)(unless(noMount, 'in a place'), () => {
  test('a server of two owners runs as two users, in their missions, with nothing of ours', async () => {
    const places = await startPlaces({ env: { OPENCODE_SERVER_PASSWORD: 'not-for-servers' } });
    const definition = { type: 'local', command: [process.execPath, '-e', program, places.state] };
    const asked = async (owner: string) => {
      const { directory } = await places.mission(owner);
      const { text } = await callServer(places.hands.socket, { directory, definition, tool: 'who' });
      return { directory, said: JSON.parse(text) };
    };

    const [ada, bob] = [await asked('ada'), await asked('bob')];

    const expected = (uid: number, cwd: string) => ({
      uid,
      home: `/home/agent-${uid}`,
      cwd,
      state: 'ENOENT',
      ours: [],
    });
    expect(ada.said).toEqual(expected(700_000, ada.directory));
    expect(bob.said).toEqual(expected(700_001, bob.directory));
  });
});
