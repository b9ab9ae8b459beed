import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  isJSONRPCRequest,
  JSONRPCMessageSchema,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import type { Log } from '../../process/log.ts';
import { type McpParts, mcpServers } from './mcp.ts';
import { type ProxyParts, proxied, proxyFor } from './proxy.ts';
import { eventsOf } from './transport.ts';

/** Where MCP is spoken on the socket: with the hands, and by way of them with MCP servers of the configuration. */
export const mcpPath = '/mcp';
export const proxyPath = '/mcp-servers';
/** A file that a model writes has some tens of kilobytes; more than this is refused while it comes. */
export const maxRequestBytes = 8 * 1024 * 1024;

/**
 * MCP by streamable HTTP, without sessions: a POST is a call, and its end, whoever ends it, cancels the call. Each has
 * a connection of its own: clients send a request again by themselves where a connection that they had kept breaks, and
 * a command must not run twice.
 */
export const mcpHttp = (parts: McpParts & ProxyParts, log: Log): Server => {
  const newServer = mcpServers(parts);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const isProxied = request.url === proxyPath;
    if (request.url !== mcpPath && !isProxied)
      return refuse(response, 404, `There are only ${mcpPath} and ${proxyPath} here.`);
    if (request.method !== 'POST') return refuse(response, 405, 'There are no sessions and no other streams: POST.');
    const body = await bodyOf(request);
    if (body === 'too large')
      return refuse(response, 413, `A call has at most ${maxRequestBytes} bytes. Write a large file in parts.`);
    if (body === undefined) return refuse(response, 400, 'That is no JSON.');
    const posted = isProxied ? proxied.safeParse(body) : undefined;
    if (posted?.success === false)
      return refuse(response, 400, `It is not said whose this is: ${z.prettifyError(posted.error)}`);

    const message = JSONRPCMessageSchema.safeParse(posted ? posted.data.message : body).data;
    if (!message) return refuse(response, 400, 'That is no message of JSON-RPC, or several at once.');
    const version = request.headers['mcp-protocol-version'];
    if (version !== undefined && !SUPPORTED_PROTOCOL_VERSIONS.includes(String(version)))
      return refuse(
        response,
        400,
        `MCP of ${version} is not spoken here, but ${SUPPORTED_PROTOCOL_VERSIONS.join(', ')}.`,
      );

    const server = posted ? proxyFor(parts, posted.data) : newServer();
    response.on('close', () => void server.close());
    const transport = eventsOf(response);
    await server.connect(transport);
    transport.onmessage?.(message);
    if (!isJSONRPCRequest(message)) response.writeHead(202, { connection: 'close' }).end();
  };
  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.closed) log.error('mcp.failed', { error });
      response.destroy();
    });
  });
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
