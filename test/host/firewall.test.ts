// OpenCode's port and agents, in a real place on this machine.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { noFirewall, unless } from '../support/needs.ts';
import { startPlaces } from '../support/places.ts';

/** A server on loopback; out: its port. */
const listening = async (): Promise<number> => {
  const server = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

const asked = (port: number): string => `curl -s --max-time 20 http://127.0.0.1:${port} || echo refused`;

describe.skipIf(noFirewall)(unless(noFirewall, 'a port that was closed to agents'), () => {
  test('refuses them and nobody else, until another one is closed in its place', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');
    const [first, second] = [await listening(), await listening()];
    expect(await places.bash(directory, asked(first))).toBe('hello');

    await places.client.close(first);
    expect(await places.bash(directory, asked(first))).toBe('refused');
    expect(await places.bash(directory, asked(second))).toBe('hello');
    expect(await (await fetch(`http://127.0.0.1:${first}`)).text()).toBe('hello');

    await places.client.close(second);
    expect(await places.bash(directory, `${asked(first)}; ${asked(second)}`)).toBe('hellorefused');
  });

  test('is closed by the next warden too, and open without one', async () => {
    const places = await startPlaces();
    const { directory } = await places.mission('ada');
    const port = await listening();
    await places.client.close(port);
    expect(await places.bash(directory, asked(port))).toBe('refused'); // The place stands, and needs no warden.

    await places.warden.kill();
    await expect.poll(() => places.bash(directory, asked(port))).toBe('hello');
    places.warden.startAgain();
    await expect.poll(() => places.bash(directory, asked(port))).toBe('refused');
  });
});
