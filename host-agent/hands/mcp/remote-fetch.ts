import { once } from 'node:events';
import { Agent as HttpAgent, request as http, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as https } from 'node:https';
import { Readable, Transform } from 'node:stream';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import * as z from 'zod';
import { answering } from './answering.ts';

/** What a server of others may send as one answer or one event. */
export const maxMessageBytes = 8 * 1024 * 1024;

const text = z.string().optional();

/** By way of the proxies that the environment names. */
const connections = { keepAlive: false, proxyEnv: process.env };
const ownHttp = new HttpAgent(connections);
const ownHttps = new HttpsAgent(connections);

/**
 * `fetch` for connections to MCP servers: Node's own gives up after five minutes without a byte, and takes answers of
 * any size. Each request has a connection of its own, so that none is lost with one that the other side has just
 * closed. Redirections are not followed. Rejects with the system's error, and with the signal's reason.
 */
export const remoteFetch: FetchLike = async (url, init = {}) => {
  const isSecure = new URL(url).protocol === 'https:';
  const request = isSecure ? https : http;
  const asked = request(url, {
    agent: isSecure ? ownHttps : ownHttp,
    method: init.method ?? 'GET',
    headers: Object.fromEntries(new Headers(init.headers)),
    signal: init.signal ?? undefined,
  });
  asked.end(text.parse(init.body ?? undefined));
  const [response] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(asked, 'response'));
  const status = response.statusCode ?? 500;
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) if (value) headers.set(name, [value].flat().join(', '));
  if (status === 204 || status === 304) {
    response.resume();
    return new Response(null, { status, headers });
  }
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  const bounded = response.pipe(bounds(isStream));
  response.once('error', (error) => bounded.destroy(error));
  bounded.once('close', () => asked.destroy());
  const body = z.instanceof(ReadableStream<Uint8Array>).parse(Readable.toWeb(bounded));
  const id = isStream && init.method === 'POST' ? idIn(init.body) : undefined;
  return new Response(id === undefined ? body : answering(body, { id, cut }), { status, headers });
};

const cut = 'its connection ended without an answer';
const sentId = z.object({ id: z.union([z.string(), z.number()]) });

/** Of the request in a body; undefined where that is none. */
const idIn = (body: unknown): string | number | undefined =>
  sentId.safeParse(JSON.parse(text.parse(body) ?? '{}')).data?.id;

const newline = 10;

/** Of a stream of events each line counts by itself, since it has no end. */
const bounds = (isStream: boolean): Transform => {
  let bytes = 0;
  return new Transform({
    transform: (piece: Buffer, _encoding, done) => {
      const last = isStream ? piece.lastIndexOf(newline) : -1;
      bytes = last === -1 ? bytes + piece.length : piece.length - last - 1;
      const tooLong = `it said more than ${maxMessageBytes / 1024 / 1024} MB at once, which no answer may have`;
      done(bytes > maxMessageBytes ? new Error(tooLong) : null, piece);
    },
  });
};
