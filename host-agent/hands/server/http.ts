import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { WebStandardStreamableHTTPServerTransport as Transport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import * as z from 'zod';
import type { Log } from '../../process/log.ts';
import { type McpParts, mcpServers } from './mcp.ts';

/** Where MCP is spoken on the socket. */
export const mcpPath = '/mcp';
/** A file that a model writes has some tens of kilobytes; more than this is refused while it comes. */
export const maxRequestBytes = 8 * 1024 * 1024;

/**
 * MCP by streamable HTTP, without sessions: a POST is a call, and its end, whoever ends it, cancels the call. Each has
 * a connection of its own: clients send a request again by themselves where a connection that they had kept breaks, and
 * a command must not run twice.
 */
export const mcpHttp = (parts: McpParts, log: Log): Server => {
  const newServer = mcpServers(parts);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url !== mcpPath) return refuse(response, 404, `There is only ${mcpPath} here.`);
    if (request.method !== 'POST') return refuse(response, 405, 'There are no sessions and no other streams: POST.');
    const body = await bodyOf(request);
    if (body === 'too large')
      return refuse(response, 413, `A call has at most ${maxRequestBytes} bytes. Write a large file in parts.`);
    if (body === undefined) return refuse(response, 400, 'That is no JSON.');

    const transport = new Transport({ sessionIdGenerator: undefined });
    const server = newServer();
    response.on('close', () => void server.close());
    await server.connect(transport);
    const said = await transport.handleRequest(asWebRequest(request), { parsedBody: body });
    response.writeHead(said.status, { ...Object.fromEntries(said.headers), connection: 'close' });
    for await (const piece of said.body ?? []) response.write(piece);
    response.end();
  };
  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.closed) log.error('mcp.failed', { error });
      response.destroy();
    });
  });
};

/** Of a request the SDK wants to see its method and headers; the body it is given. */
const asWebRequest = ({ headers }: IncomingMessage): Request => {
  const given = ['accept', 'content-type', 'mcp-protocol-version'] as const;
  const shown = given.flatMap((name): [string, string][] => {
    const value = z.string().safeParse(headers[name]).data;
    return value === undefined ? [] : [[name, value]];
  });
  return new Request(`http://hands${mcpPath}`, { method: 'POST', headers: shown });
};

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    const buffer = z.instanceof(Buffer).parse(piece);
    bytes += buffer.length;
    if (bytes > maxRequestBytes) return 'too large';
    pieces.push(buffer);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    return undefined;
  }
};

const refuse = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${text}\n`);
};
