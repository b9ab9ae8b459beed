// One request as it is on the wire, and what came back; `fetch` would choose headers, methods and paths for us.
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { stack } from '../stage.ts';

export interface Asked {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array | FormData | undefined;
  /** The system to ask, where it is not the suite's. */
  at?: string;
}

export interface Answered {
  status: number;
  headers: [string, string][];
  body: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Of a stream, which never ends, the first frame; of a socket, that it was opened. */
export const exchange = async (asked: Asked): Promise<Answered> => {
  const { method, path, at = stack().url() } = asked;
  const form = asked.body instanceof FormData ? new Response(asked.body) : null;
  const bytes = form ? Buffer.from(await form.arrayBuffer()) : bytesOf(asked.body);
  const type = form?.headers.get('content-type');
  const { hostname, port } = new URL(at);
  const headers = {
    ...(type ? { 'content-type': type } : {}),
    ...(bytes ? { 'content-length': String(bytes.byteLength) } : {}),
    ...asked.headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, method, path, headers }, (response) => {
      void read(response).then(resolve, reject);
    });
    sent.once('upgrade', (response: IncomingMessage, socket: Socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: headersOf(response), body: '(a socket)' });
    });
    sent.once('error', reject);
    sent.end(bytes);
  });
};

const bytesOf = (body: string | Uint8Array | FormData | undefined): Uint8Array | undefined =>
  typeof body === 'string' ? Buffer.from(body) : body instanceof FormData ? undefined : body;

const headersOf = ({ rawHeaders }: IncomingMessage): [string, string][] =>
  Array.from({ length: rawHeaders.length / 2 }, (_, n): [string, string] => [
    (rawHeaders[2 * n] ?? '').toLowerCase(),
    rawHeaders[2 * n + 1] ?? '',
  ]).toSorted(([a], [b]) => (a < b ? -1 : 1));

const read = async (response: IncomingMessage): Promise<Answered> => {
  const isStream = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk);
    if (isStream && Buffer.concat(chunks).includes('\n\n')) break;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const body = isStream ? text.slice(0, text.indexOf('\n\n') + 2) : text;
  return { status: response.statusCode ?? 0, headers: headersOf(response), body };
};

/** A handshake of a WebSocket, with a key that makes its answer the same each time. */
export const handshake = (path: string, protocols: string[], more: Record<string, string> = {}): Asked => ({
  method: 'GET',
  path,
  headers: {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.from('the same each time').toString('base64').slice(0, 22).concat('=='),
    ...(protocols.length > 0 ? { 'sec-websocket-protocol': protocols.join(', ') } : {}),
    ...more,
  },
});
