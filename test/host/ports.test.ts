// Ports of places of the warden: what a user's agents listen on, and that nothing else is reached.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { portsInPlaces } from '../../host-agent/ports/in-place.ts';
import { addressOf } from '../../host-agent/ports/listening.ts';
import { noMount, unless } from '../support/needs.ts';
import { type PlacesOfTest, startPlaces } from '../support/places.ts';

/** Starts a server in a mission, which goes on behind the command, and says its port. */
const serverIn = async (places: PlacesOfTest, directory: string, script: string): Promise<number> => {
  const name = `server-${randomUUID()}`;
  const start = `cat > ${name}.mjs <<'END'\n${script}\nEND\n(setsid node ${name}.mjs > ${name} 2>&1 &)`;
  const printed = await places.bash(directory, `${start}; until [ -s ${name} ]; do sleep 0.1; done; cat ${name}`);
  const [port] = /^\d+$/m.exec(printed) ?? [];
  if (port === undefined) throw new Error(printed);
  return Number(port);
};

const echo = `import { createServer } from 'node:net';
const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

async function* bytesOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

const textOf = async (bytes: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts).toString();
};

test('an address of the kernel’s tables is written as people write it', () => {
  expect(addressOf('0100007F')).toBe('127.0.0.1');
  expect(addressOf('00000000')).toBe('0.0.0.0');
  expect(addressOf('00000000000000000000000001000000')).toBe('::1');
  expect(addressOf('0000000000000000FFFF00000100007F')).toBe('127.0.0.1');
  expect(addressOf('B80D01200000000000000000010000FE')).toBe('2001:db8::fe00:1');
});

describe.skipIf(noMount)(unless(noMount, 'in a place'), () => {
  test('a user sees and reaches what the own agents listen on, and nothing of anybody else', async () => {
    const places = await startPlaces();
    const ofMachine = createServer((socket) => socket.end('of the machine')).listen(0, '127.0.0.1');
    onTestFinished(() => void ofMachine.close());
    await once(ofMachine, 'listening');
    const address = ofMachine.address();
    const machinePort = typeof address === 'object' && address ? address.port : 0;
    const ada = await places.mission('ada');
    const bob = await places.mission('bob');
    const portOfAda = await serverIn(places, ada.directory, echo);
    const portOfBob = await serverIn(places, bob.directory, echo);
    const portsOf = portsInPlaces(places.hands.control);

    const { ports } = await portsOf('ada').list();
    expect(ports).toEqual([
      { port: portOfAda, address: '127.0.0.1', pid: expect.any(Number), command: expect.stringContaining('server-') },
    ]);
    const { bytes } = await portsOf('ada').connect(portOfAda, bytesOf('one ', 'two'));
    expect(await textOf(bytes)).toBe('one two');

    for (const port of [portOfBob, machinePort, 1])
      await expect(portsOf('ada').connect(port, bytesOf())).rejects.toMatchObject({
        code: 'not_found',
        message: expect.stringContaining(`listens on port ${port}`),
      });
  });

  test('much goes both ways unharmed, and a server that dies in the middle breaks the connection off', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');
    const portsOf = portsInPlaces(places.hands.control)('ada');
    const mebibytes = 8;
    const port = await serverIn(places, directory, echo);
    async function* much(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < mebibytes; n += 1) yield Buffer.alloc(1024 * 1024, n);
    }
    const { bytes } = await portsOf.connect(port, much());
    let got = 0;
    for await (const part of bytes) {
      expect(part.every((byte, at) => byte === Math.floor((got + at) / (1024 * 1024)))).toBe(true);
      got += part.length;
    }
    expect(got).toBe(mebibytes * 1024 * 1024);

    const dying = await serverIn(
      places,
      directory,
      `import { createServer } from 'node:net';
const server = createServer((socket) => { socket.write('half'); socket.once('data', () => socket.resetAndDestroy()); });
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`,
    );
    const broken = await portsOf.connect(dying, bytesOf('go'));
    await expect(textOf(broken.bytes)).rejects.toMatchObject({ code: 'bad_gateway' });
  });
});
