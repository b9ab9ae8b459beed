// A real MCP server with tools for tests, on its standard input and output; `mcp-http-server.ts` has it on the network.
// Arguments, each optional: `mark:<text>` to be found by; `starts:<file>` gets a line at each start; `slow`: it says
// nothing.
import { appendFileSync } from 'node:fs';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  CallToolRequestSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';

const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const names = [
  'whoami',
  'say',
  'wait',
  'picture',
  'lines',
  'more',
  'die',
  'endless',
  'chatter',
  'refuse',
  'garbage',
  'sleep',
];

/** What it does is noted in this file, where one is named. */
const note = (file: unknown, text: string): void => {
  if (typeof file === 'string') appendFileSync(file, `${text}\n`);
};

const text = (said: string) => ({ content: [{ type: 'text' as const, text: said }] });

/** The server; `headers` are those it was called with. */
export const testMcpServer = (headers?: () => Record<string, unknown>): Server => {
  const server = new Server(
    { name: 'test', version: '1' },
    {
      capabilities: { tools: { listChanged: true }, prompts: {}, resources: {} },
      instructions: 'Ask it who it is.',
    },
  );
  const tools = [...names];
  let calls = 0;
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map((name) => ({
      name,
      description: `The tool ${name}`,
      inputSchema: { type: 'object' as const, properties: { file: { type: 'string' }, text: { type: 'string' } } },
      outputSchema: name === 'say' ? { type: 'object' as const, required: ['never'] } : undefined,
    })),
  }));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: [{ name: 'greet', description: 'Greets' }] }));
  server.setRequestHandler(GetPromptRequestSchema, () => ({
    messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'SAY Greeted.' } }],
  }));
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [{ name: 'book', uri: 'test://book' }] }));
  server.setRequestHandler(ReadResourceRequestSchema, () => ({
    contents: [{ uri: 'test://book', text: 'Once upon a time.' }],
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const args = z
      .object({ file: z.string(), text: z.string() })
      .partial()
      .parse(params.arguments ?? {});
    calls += 1;
    switch (params.name) {
      case 'whoami': {
        const { pid, env } = process;
        // On the network a question to the client goes by a stream that may not be there yet.
        const { roots } = headers ? { roots: [] } : await server.listRoots();
        const who = { pid, uid: process.getuid?.(), cwd: process.cwd(), env, roots, calls, headers: headers?.() };
        return text(JSON.stringify(who));
      }
      case 'wait':
        note(args.file, 'began');
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        note(args.file, 'cancelled');
        return text('waited');
      case 'picture':
        return { content: [{ type: 'image', mimeType: 'image/png', data: onePixel }] };
      case 'lines':
        return text(Array.from({ length: 5_000 }, (_, index) => `line ${index}`).join('\n'));
      case 'more':
        tools.push('added');
        await server.sendToolListChanged();
        return text('There is one more.');
      case 'die':
        process.stderr.write('out of cheese\n');
        return process.exit(3);
      case 'endless':
        process.stdout.write('x'.repeat(10 * 1024 * 1024));
        return text('never');
      case 'chatter':
        process.stdout.write('{"jsonrpc":"2.0","method":"notifications/message","params":{}}\n'.repeat(50_000));
        return text('chattered');
      case 'garbage':
        process.stdout.write('this is no JSON\n{"also": "none"}\n');
        return text('said garbage');
      case 'sleep':
        await new Promise((resolve) => setTimeout(resolve, Number(args.text) * 1000));
        return text('slept');
      case 'refuse':
        throw new Error('it does not like this');
      default:
        return text(`${params.name} says ${args.text ?? 'nothing'}`);
    }
  });
  return server;
};

if (import.meta.main) {
  const args = process.argv.slice(2);
  const starts = args.find((each) => each.startsWith('starts:'))?.slice('starts:'.length);
  if (starts) appendFileSync(starts, `${process.pid}\n`);
  if (args.includes('slow')) setInterval(() => undefined, 1 << 30);
  else await testMcpServer().connect(new StdioServerTransport());
}
