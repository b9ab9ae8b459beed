import * as z from 'zod';
import { assertNever } from '../../../shared/errors.ts';
import type { Caller } from '../../hands/call/caller.ts';
import { type Ask, notGranted, type Outcome } from '../../hands/call/outcome.ts';
import type { Declared } from '../../hands/declared/declared.ts';
import { cancelledResult, newPrinted, type Printed } from './printed.ts';

/**
 * Lets the hands do it; `printed` is told what it prints meanwhile. Rejects with an error for the model, and at once
 * when `signal` aborts.
 */
export type Call = (
  name: string,
  args: unknown,
  caller: Caller,
  signal: AbortSignal,
  printed?: Printed,
) => Promise<Outcome>;

/** What OpenCode gives a tool beside its arguments (opencode §10.8). */
const context = z.object({
  sessionID: z.string(),
  messageID: z.string(),
  callID: z.string(),
  agent: z.string(),
  directory: z.string(),
});
interface Context extends z.infer<typeof context> {
  abort: AbortSignal;
  /**
   * Resolves where OpenCode's rules or a person allow it. Rejects where they don't, with the error by which OpenCode
   * knows whether the turn goes on: it must reach OpenCode as it is.
   */
  ask(ask: Ask): Promise<unknown>;
}

/**
 * A tool of ours as OpenCode wants it. It has no logic of its own: the hands do it, or say what has to be asked first;
 * then OpenCode asks by its own rules, and the hands are called again with what was granted.
 */
export const handsTool = ({ description, args, name }: Declared, call: Call) => ({
  description,
  args,
  execute: async (given: unknown, { abort, ask, ...rest }: Context) => {
    const { directory, sessionID: session, messageID: message, callID, agent } = context.parse(rest);
    const granted: Ask[] = [];
    const printed = newPrinted();
    for (;;) {
      const caller = { directory, session, message, call: callID, agent, granted };
      const outcome = await call(name, given, caller, abort, printed).catch((error: unknown): Outcome => {
        // OpenCode says of it that it was aborted, where there is nothing more to say.
        if (abort.aborted && printed.text() === null) throw error;
        return { kind: 'failed', text: error instanceof Error ? error.message : String(error) };
      });
      const text = printed.text();
      if (abort.aborted && outcome.kind === 'failed' && text !== null)
        return cancelledResult(name, given, directory, text);
      switch (outcome.kind) {
        case 'asks': {
          const asks = notGranted(outcome.asks, granted);
          if (asks.length === 0) throw new Error(`${name} asks for what was allowed already. ${reportIt}`);
          for (const each of asks) {
            await ask(each);
            granted.push(each);
          }
          break;
        }
        case 'failed':
          throw new Error(text === null ? outcome.text : `${outcome.text}\n\nIt had printed until then:\n${text}`);
        case 'done':
          return completed(outcome);
        default:
          return assertNever(outcome);
      }
    }
  },
});

const reportIt = 'This is a mistake in Open Agent: do it another way, and tell the person about it.';

const completed = ({ title, text, images = [], view, metadata }: Extract<Outcome, { kind: 'done' }>) => ({
  title,
  output: text,
  metadata: { ...metadata, view },
  attachments: images.map(({ mime, base64 }) => ({ type: 'file', mime, url: `data:${mime};base64,${base64}` })),
});
