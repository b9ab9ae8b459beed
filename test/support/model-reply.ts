import type { ServerResponse } from 'node:http';

/** One reply in the OpenAI streaming format (opencode §12). Headers go out with the first chunk. */
export type Reply = ReturnType<typeof openReply>;

/**
 * Token numbers that a call reports unless its script says others: OpenCode shows input 80, output 10, cache.read 20.
 */
const usualUsage = JSON.stringify({
  prompt_tokens: 100,
  completion_tokens: 10,
  total_tokens: 110,
  prompt_tokens_details: { cached_tokens: 20 },
});

/** Writes chunks onto `response` and resolves each write when the socket took it. */
export function openReply(response: ServerResponse) {
  let usage = usualUsage;
  /** `fields`: the inside of a JSON object. */
  const writeRaw = (fields: string): Promise<void> =>
    new Promise((resolve) => {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
      const chunk = `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m1",${fields}}`;
      response.write(`data: ${chunk}\n\n`, () => resolve());
    });
  const write = (fields: object): Promise<void> => writeRaw(JSON.stringify(fields).slice(1, -1));
  const delta = (content: object, finish: string | null = null) =>
    write({ choices: [{ index: 0, delta: content, finish_reason: finish }] });
  return {
    start: () => delta({ role: 'assistant', content: '' }),
    text: (text: string) => delta({ content: text }),
    reasoning: (text: string) => delta({ reasoning_content: text }),
    async tool(callId: string, name: string, args: string) {
      const half = Math.ceil(args.length / 2);
      await delta({ tool_calls: [{ index: 0, id: callId, type: 'function', function: { name, arguments: '' } }] });
      for (const piece of [args.slice(0, half), args.slice(half)]) {
        await delta({ tool_calls: [{ index: 0, function: { arguments: piece } }] });
      }
    },
    /** Another `usage` for the last chunk: JSON text, written as it stands. */
    setUsage(json: string) {
      usage = json;
    },
    /** `finish` null: the stream ends in order and says no reason. */
    async end(finish: string | null) {
      if (finish !== null) await delta({}, finish);
      await writeRaw(`"choices":[],"usage":${usage}`);
      response.end('data: [DONE]\n\n');
    },
    fail(status: number, message: string, retryAfterMs: number) {
      response.writeHead(status, { 'content-type': 'application/json', 'retry-after-ms': String(retryAfterMs) });
      response.end(JSON.stringify({ error: { message, type: 'scripted_error', code: status } }));
    },
    raw(status: number, type: string, body: string) {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    },
    /** Ends the connection in mid answer, after what was written has left. */
    cut: () => response.socket?.destroySoon(),
  };
}
