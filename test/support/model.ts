// The only stand-in in our tests: a language model that does what the last user text tells it to, and keeps the record
// of what it was asked and what it sent, with which logs are compared.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { openGates } from './model-gates.ts';
import { openReply, type Reply } from './model-reply.ts';
import { type ModelRequest, readRequest, type SentChunk } from './model-request.ts';
import { parseScript, type ScriptLine } from './model-script.ts';
import { openWatch } from './model-watch.ts';

export type { ModelRequest } from './model-request.ts';
export type Model = Awaited<ReturnType<typeof startModel>>;

/**
 * Starts the model on loopback (`port` 0 or absent: a free one). `url` ends in `/v1`.
 * `asked` and `sent` resolve with the first request, past or future, that satisfies the predicate, looked at when it
 * arrives (`asked`) and after every chunk and end (`sent`); both reject after `withinMs` with the record so far.
 * A gate, once released, stays open.
 */
export async function startModel({ port = 0 }: { port?: number } = {}) {
  const requests: ModelRequest[] = [];
  const titleRequests: ModelRequest[] = [];
  const failures = new Map<string, number>();
  const gates = openGates();
  const watch = openWatch(requests);
  const chunkListeners = new Set<() => void>();
  const bodyListeners = new Set<(body: string) => void>();

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((cause: unknown) => {
      process.stderr.write(`${JSON.stringify({ level: 'error', event: 'model.failed', message: String(cause) })}\n`);
      if (!response.headersSent) response.writeHead(500);
      response.end(String(cause));
    });
  });

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request: ModelRequest = { ...(await readRequest(incoming, hear)), at: Date.now(), sent: [] };
    const reply = openReply(response);
    if (request.tools.length === 0) {
      titleRequests.push(request);
      return sayTitle(reply, request);
    }
    const steps = parseScript(request.userText);
    requests.push(request);
    const gone = new AbortController();
    response.once('close', () => {
      request.outcome ??= 'client-closed';
      gone.abort();
      watch.changed();
    });
    watch.changed();
    await runStep(steps[request.step] ?? [], request, reply, gone.signal);
    watch.changed();
  }

  function hear(body: string): void {
    for (const listener of bodyListeners) listener(body);
  }

  /** Counts failures, and what goes by a `HANG`, by session and user text, since each retry is a request of its own. */
  function failsNow(request: ModelRequest, line: { word: string; count: number }): boolean {
    const key = [line.word, request.sessionId, request.userText].join('\n');
    const failed = failures.get(key) ?? 0;
    failures.set(key, failed + 1);
    return failed < line.count;
  }

  async function runStep(lines: ScriptLine[], request: ModelRequest, reply: Reply, gone: AbortSignal): Promise<void> {
    const send = async (kind: SentChunk['kind'], text: string, write: () => Promise<void>) => {
      if (request.sent.length === 0) await reply.start();
      // Recorded before it is written: what a reader has seen is always in the record.
      request.sent.push({ kind, text });
      await write();
      watch.changed();
      for (const listener of chunkListeners) listener();
    };
    const say = (kind: 'text' | 'reasoning', text: string) => send(kind, text, () => reply[kind](text));
    for (const line of lines) {
      if (gone.aborted) return;
      switch (line.word) {
        case 'say':
          for (const chunk of line.chunks) {
            if (gone.aborted) return;
            await say(line.kind, chunk);
          }
          break;
        case 'tokens':
          for (let index = 0; index < line.count; index++) {
            if (gone.aborted) return;
            await say('text', `t${index} `);
            if (line.delayMs > 0) await pause(line.delayMs);
          }
          break;
        case 'stamps': {
          const startedAt = performance.now();
          for (let index = 0; index < line.count; index++) {
            if (gone.aborted) return;
            const waitMs = startedAt + index * line.delayMs - performance.now();
            if (waitMs > 0) await pause(waitMs);
            await say('text', `${requests.indexOf(request)}.${index}@${Date.now()} `);
          }
          break;
        }
        case 'tool': {
          const callId = `call_${request.step + 1}`; // not unique, as with real providers
          await send('tool', `${line.name} ${line.args}`, () => reply.tool(callId, line.name, line.args));
          break;
        }
        case 'wait':
          if (!(await gates.pass(line.gate, gone))) return;
          break;
        case 'error':
          if (!failsNow(request, line)) break;
          request.outcome = 'error';
          return reply.fail(line.status, `scripted error ${line.status}`, line.retryAfterMs);
        case 'cut':
          if (!failsNow(request, line)) break;
          request.outcome = 'cut';
          return reply.cut();
        case 'usage':
          reply.setUsage(line.json);
          break;
        case 'raw':
          if (!failsNow(request, line)) break;
          request.outcome = 'error';
          return reply.raw(line.status, line.type, line.body);
        case 'end':
          if (!failsNow(request, line)) break;
          request.outcome = 'done';
          if (request.sent.length === 0) await reply.start();
          return reply.end(line.reason);
        case 'hang':
          if (failsNow(request, line)) break;
          if (!gone.aborted) await once(gone, 'abort');
          return;
      }
    }
    if (gone.aborted) return;
    // A provider never answers with nothing: where a script has no words after its last tool, this is the answer.
    if (request.sent.length === 0) await say('text', 'Done.');
    request.outcome = 'done';
    await reply.end(lines.at(-1)?.word === 'tool' ? 'tool_calls' : 'stop');
  }

  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the scripted model has no TCP port');

  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    port: address.port,
    requests,
    titleRequests,
    asked: watch.until,
    sent: watch.until,
    /** `listener` is called after every chunk of every answer. */
    onChunk: (listener: () => void): void => {
      chunkListeners.add(listener);
    },
    /** `listener` is called with the body of every request: all that the model is told. */
    onBody: (listener: (body: string) => void): void => {
      bodyListeners.add(listener);
    },
    reached: gates.reached,
    release: gates.release,
    async close(): Promise<void> {
      watch.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function sayTitle(reply: Reply, request: ModelRequest): Promise<void> {
  await reply.start();
  await reply.text('Scripted title');
  await reply.end('stop');
  request.outcome = 'done';
}
