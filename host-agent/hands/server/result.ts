import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { assertNever } from '../../../shared/errors.ts';
import type { Outcome } from '../call/outcome.ts';

/**
 * An outcome as MCP's result of a call. `structuredContent` is the outcome itself, which our plug-in goes on with:
 * asks, title, view. What any client of MCP can use of it is in `content` and `isError` as well.
 */
export const resultOf = (outcome: Outcome): CallToolResult => ({
  content: contentOf(outcome),
  isError: outcome.kind !== 'done',
  structuredContent: outcome,
});

const contentOf = (outcome: Outcome): CallToolResult['content'] => {
  switch (outcome.kind) {
    case 'done': {
      const images = (outcome.images ?? [])
        .filter(({ mime }) => mime.startsWith('image/')) // MCP has no kind of content for a PDF.
        .map(({ mime, base64 }) => ({ type: 'image' as const, data: base64, mimeType: mime }));
      return [{ type: 'text', text: outcome.text }, ...images];
    }
    case 'asks':
      return [{ type: 'text', text: asksText(outcome) }];
    case 'failed':
      return [{ type: 'text', text: outcome.text }];
    default:
      return assertNever(outcome);
  }
};

const asksText = ({ asks }: Extract<Outcome, { kind: 'asks' }>): string =>
  `Nothing was done: this needs a permission that was not given (${asks
    .map(({ permission, patterns }) => `${permission}: ${patterns.join(', ')}`)
    .join('; ')}).`;
