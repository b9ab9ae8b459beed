// A local MCP server that answers nothing when it is started for the first time, and at once later. Argument: a file
// that gets a line at each start.
import { appendFileSync, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

interface Request {
  id?: number;
  method: string;
  params?: { protocolVersion?: string };
}

const starts = process.argv[2] ?? '';
const isFirst = !existsSync(starts);
appendFileSync(starts, 'started\n');

const resultOf = ({ method, params }: Request): unknown => {
  if (method === 'tools/list') return { tools: [] };
  if (method !== 'initialize') return {};
  const serverInfo = { name: 'slow', version: '1' };
  return { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo };
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const request: Request = JSON.parse(line);
  if (isFirst || request.id === undefined) return;
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, result: resultOf(request) })}\n`);
});
