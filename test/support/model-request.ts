import type { IncomingMessage } from 'node:http';
import * as z from 'zod';

const Content = z.union([
  z.string(),
  z.array(
    z.looseObject({
      type: z.string(),
      text: z.string().optional(),
      image_url: z.looseObject({ url: z.string() }).optional(),
    }),
  ),
  z.null(),
]);
const Body = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: Content.optional() })),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })).optional(),
});

/** What a chat-completions request says about itself. `step` counts the tool results after the last user message. */
export type Asked = {
  model: string;
  sessionId: string;
  parentSessionId?: string;
  /** The bearer token. */
  apiKey: string;
  step: number;
  messagesCount: number;
  userText: string;
  /** The system prompt, whole. */
  system: string;
  /** Images of the last user message, as `data:` URLs. */
  images: string[];
  tools: string[];
  /** The newest results of tools in the conversation, as the model reads them. */
  toolTexts: string[];
};

export type SentChunk = { kind: 'text' | 'reasoning' | 'tool'; text: string };
/** One model call. `at` is when it came (ms); `outcome` is absent while it lasts; `sent` has one entry per chunk. */
export type ModelRequest = Asked & {
  at: number;
  sent: SentChunk[];
  outcome?: 'done' | 'cut' | 'client-closed' | 'error';
};

/** A long conversation has all of them in each request. */
const keptToolTexts = 5;

/**
 * Reads one request of OpenCode; throws when the body is not an OpenAI chat-completions request. `heard` gets the body
 * as it came.
 */
export async function readRequest(incoming: IncomingMessage, heard: (body: string) => void): Promise<Asked> {
  const pieces: Uint8Array[] = [];
  for await (const piece of incoming) pieces.push(piece);
  const text = Buffer.concat(pieces).toString('utf8');
  heard(text);
  const body = Body.parse(JSON.parse(text));
  const lastUser = body.messages.findLastIndex((message) => message.role === 'user');
  const after = body.messages.slice(lastUser + 1);
  const parent = incoming.headers['x-parent-session-id'];
  return {
    model: body.model,
    sessionId: String(incoming.headers['x-session-id'] ?? ''),
    apiKey: (incoming.headers.authorization ?? '').replace(/^Bearer /, ''),
    ...(parent === undefined ? {} : { parentSessionId: String(parent) }),
    step: after.filter((message) => message.role === 'tool').length,
    messagesCount: body.messages.length,
    userText: plainText(body.messages[lastUser]?.content),
    system: body.messages
      .filter((message) => message.role === 'system')
      .map((message) => plainText(message.content))
      .join('\n'),
    images: imagesIn(body.messages[lastUser]?.content),
    tools: (body.tools ?? []).map((tool) => tool.function.name),
    toolTexts: body.messages
      .filter(({ role }) => role === 'tool')
      .slice(-keptToolTexts)
      .map(({ content }) => plainText(content)),
  };
}

function imagesIn(content: z.infer<typeof Content> | undefined): string[] {
  if (typeof content === 'string') return [];
  return (content ?? []).flatMap((part) => part.image_url?.url ?? []);
}

function plainText(content: z.infer<typeof Content> | undefined): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('\n');
}
