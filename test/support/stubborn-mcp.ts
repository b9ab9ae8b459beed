// A local MCP server that does not end when its owner closes its input or asks it to: only being killed ends it.
import { createInterface } from 'node:readline';

interface Request {
  id?: number;
  method: string;
  params?: { protocolVersion?: string };
}

const resultOf = ({ method, params }: Request): unknown => {
  if (method === 'initialize') {
    const serverInfo = { name: 'stubborn', version: '1' };
    return { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo };
  }
  if (method !== 'tools/list') return {};
  return { tools: [{ name: 'nothing', description: 'Does nothing', inputSchema: { type: 'object', properties: {} } }] };
};

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
setInterval(() => undefined, 1 << 30);
createInterface({ input: process.stdin }).on('line', (line) => {
  const request: Request = JSON.parse(line);
  if (request.id === undefined) return;
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, result: resultOf(request) })}\n`);
});
