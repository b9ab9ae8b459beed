// A server that an agent started, reached from another machine's port by `openagent forward`.
import { get } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startCommand } from '../support/command.ts';
import { patience } from '../support/patience.ts';
import { answered, type Person, password, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let me: Person;

beforeAll(async () => {
  stack = await startStack();
  me = await stack.person();
});
afterAll(() => stack.close());

/** Answers with a page of 3 MB, and echoes what comes after an upgrade. */
const server = `require('node:http').createServer((_, answer) => answer.end('page '.repeat(600000)))
.on('upgrade', (_, socket, head) => { socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n'); socket.write(head); socket.pipe(socket); })
.listen(0, '127.0.0.1')`;

test('a page and an upgraded connection come through, and nothing of Open Agent does', async () => {
  const mission: string = (await me.call('POST', '/api/control/missions', {})).json.id;
  const stream = await me.stream();
  const command = `cat > server.cjs <<'END'\n${server}\nEND\n(setsid node server.cjs > log 2>&1 &) ; sleep 1`;
  await me.say(`TOOL bash ${JSON.stringify({ command, description: 'start' })}\nSAY It runs.`, mission);
  await stream.until(answered(mission));
  stream.close();
  const id = '00000000-0000-0000-0000-000000000000';
  await expect
    .poll(async () => (await me.call('GET', `/api/workspaces/${id}/ports`)).json.ports, patience)
    .toEqual([{ port: expect.any(Number), address: '127.0.0.1', pid: expect.any(Number), command: 'node server.cjs' }]);
  const { port } = (await me.call('GET', `/api/workspaces/${id}/ports`)).json.ports[0];

  const { token } = (await stack.anyone.call('POST', '/api/auth/login', { password })).json;
  const environment = { HOME: '/nonexistent', OPENAGENT_URL: stack.url(), OPENAGENT_TOKEN: token };
  const edgePort = new URL(stack.url()).port;
  const refused = await startCommand(['forward', 'host', edgePort, '--local', '0'], environment).ended;
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining(`listens on port ${edgePort}`)]);

  const forward = startCommand(['forward', 'host', String(port), '--local', '0'], environment);
  await forward.printed('out', 'leads to port');
  const [, local] = /127\.0\.0\.1:(\d+)/.exec(forward.texts().out) ?? [];
  onTestFinished(() => void forward.signal('SIGTERM'));

  expect((await (await fetch(`http://127.0.0.1:${local}/`)).text()).length).toBe(3_000_000);
  const upgraded = Promise.withResolvers<string>();
  get(`http://127.0.0.1:${local}/`, { headers: { Connection: 'Upgrade', Upgrade: 'echo' } })
    .on('upgrade', (_, socket) => {
      socket.once('data', (data) => {
        upgraded.resolve(String(data));
        socket.destroy();
      });
      socket.write('there and back');
    })
    .on('error', upgraded.reject);
  expect(await upgraded.promise).toBe('there and back');
  // A client that ends its half first hears the answer all the same.
  const half = connect({ port: Number(local), host: '127.0.0.1', allowHalfOpen: true });
  half.end('GET / HTTP/1.0\r\n\r\n');
  let heard = 0;
  for await (const part of half) heard += part.length;
  expect(heard).toBeGreaterThan(3_000_000);
});
