// WebSockets as the apps dial them: the subprotocols `openagent` and `jwt.<token>` (contract §7.1).
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { stack, token } from '../stage.ts';

const addressOf = (path: string): string => `${stack().url().replace(/^http/, 'ws')}${path}`;

/** The status and text by which an upgrade is refused; throws where it is not. */
export const refusalOf = (path: string, protocols: string[]): Promise<[number, string]> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(addressOf(path), protocols);
    socket.once('unexpected-response', (_, response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.once('end', () => resolve([response.statusCode ?? 0, text]));
    });
    socket.once('open', () => {
      socket.close();
      reject(new Error(`${path} was upgraded`));
    });
    // `unexpected-response` comes first where there is one.
    socket.once('error', reject);
  });

/** An open socket of someone who is logged in, and its text frames as they come. */
export const dialSocket = async (path: string) => {
  const socket = new WebSocket(addressOf(path), ['openagent', `jwt.${token()}`]);
  onTestFinished(() => socket.close());
  const frames: string[] = [];
  socket.on('message', (data, isBinary) => {
    if (!isBinary) frames.push(String(data));
  });
  await once(socket, 'open');
  return {
    protocol: socket.protocol,
    frames,
    socket,
    /** Resolves when that many text frames have come. */
    received: async (count: number): Promise<string[]> => {
      while (frames.length < count) await once(socket, 'message');
      return frames;
    },
  };
};
