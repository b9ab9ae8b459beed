import type { IosItem } from './ios-chat.ts';
import type { WebItem } from './web-chat.ts';

/**
 * What a person reads in a chat, top to bottom: who says what. Cards, lines of progress and marks of waiting are left
 * out.
 */
export const visible = (items: readonly (WebItem | IosItem)[]): string[] =>
  items.flatMap((item) => {
    switch (item.kind) {
      case 'user':
      case 'thinking':
        return [`${item.kind}: ${item.content}`];
      case 'assistant':
        return [`${item.success ? 'assistant' : 'failed'}: ${item.content}`];
      default:
        return [];
    }
  });

/** The same without the thinking, which only the stream and the stored events have. */
export const conversation = (items: readonly (WebItem | IosItem)[]): string[] =>
  visible(items).filter((line) => !line.startsWith('thinking: '));

/** Tool cards: name, state, and the result as text. */
export const tools = (items: readonly WebItem[]): string[] =>
  items.flatMap((item) => (item.kind === 'tool' ? [`${item.name} ${item.state}`] : []));

export const hasAnswer =
  (content: string) =>
  ({ items }: { items: readonly (WebItem | IosItem)[] }): boolean =>
    items.some((item) => item.kind === 'assistant' && item.content === content);
