import { type CallToolResult, CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import type { ServerResult } from '../mcp/connection.ts';

/** What models are shown of pictures at most; larger ones their providers refuse. */
const maxImageChars = 5 * 1024 * 1024;
const maxImages = 8;
/** So many characters are neither too many bytes nor too many lines for a model (tools/fit-output). */
const surelyFits = 1_900;
/** For OpenCode's "code mode", which gives it to a program of the model's. */
const maxStructuredChars = 48 * 1024;

type Content = CallToolResult['content'][number];

/**
 * The result of a tool as OpenCode may have it: its texts as one that OpenCode need not cut, which `shorten` cuts and
 * keeps in a file; pictures; and a sentence for what models are not shown. Its schema of results is not passed on, so
 * no structured content is owed; it stays where it is small.
 */
export const fitResult = async (
  result: ServerResult,
  name: string,
  shorten: (text: string) => Promise<string>,
): Promise<CallToolResult> => {
  const { success, data } = CallToolResultSchema.safeParse(result);
  if (!success)
    return failure(
      `What the MCP server "${name}" answered is no result of a tool, so it was thrown away. What it did, it did: look at ` +
        'the state of things before you try again.',
    );
  const structured = data.structuredContent && JSON.stringify(data.structuredContent);
  const texts = data.content.map(textOf).filter((text) => text !== '');
  if (data.content.length === 0 && structured !== undefined) texts.push(structured);
  const pictures = data.content.filter((each) => each.type === 'image');
  const shown = pictures.filter(({ data }) => data.length <= maxImageChars).slice(0, maxImages);
  if (shown.length < pictures.length)
    texts.push(`(${pictures.length - shown.length} pictures are not shown: too large.)`);
  const whole = texts.join('\n\n');
  const text = whole.length > surelyFits ? await shorten(whole) : whole;
  const files = data.content.filter(isShownFile);
  return {
    content: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...shown, ...files],
    isError: data.isError ?? false,
    ...(structured !== undefined && structured.length <= maxStructuredChars
      ? { structuredContent: data.structuredContent }
      : {}),
  };
};

/** A result that says why there is none. */
export const failure = (text: string): CallToolResult => ({ isError: true, content: [{ type: 'text', text }] });

/** What of a piece of content is for reading. */
const textOf = (content: Content): string => {
  switch (content.type) {
    case 'text':
      return content.text;
    case 'resource':
      return 'text' in content.resource ? content.resource.text : '';
    case 'resource_link':
      return `${content.name}: ${content.uri}`;
    case 'audio':
      return `(A sound, ${content.mimeType}, is not shown.)`;
    case 'image':
      return '';
  }
};

/** OpenCode shows those it can, and says so of others. */
const isShownFile = (content: Content): boolean =>
  content.type === 'resource' && 'blob' in content.resource && content.resource.blob.length <= maxImageChars;
