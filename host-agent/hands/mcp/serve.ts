import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { assertNever } from '../../../shared/errors.ts';
import type { ServerAsk, ServerReply, ServerTold } from './asked.ts';
import { type Connection, ServerLost } from './connection.ts';
import type { Connections, Use } from './connections.ts';

export interface ServeSituation {
  directory: string;
  signal: AbortSignal;
  tell(told: ServerTold): void;
}

/** What is asked of a server itself. */
export type OfServer = Exclude<ServerAsk, { do: 'fit' }>;

/** A server that was told to stop a call and works on gets this long to answer anything at all. */
const answerMs = 10_000;

/** Does what the hands ask of MCP servers. Rejects only when the signal aborts. */
export const serveAsks =
  (connections: Connections) =>
  async (ask: OfServer, situation: ServeSituation): Promise<ServerReply> => {
    const { directory, signal, tell } = situation;
    const { server } = ask;
    let isOpen = false;
    try {
      switch (ask.do) {
        case 'open':
          return await connections.use(server, directory, signal, async ({ connection }) => {
            connection.listen(tell)(); // What it printed while it was started.
            return { kind: 'open', info: connection.info };
          });
        case 'request': {
          const work = async ({ connection, isAgain }: Use): Promise<ServerReply> => {
            isOpen = true;
            const calls = connection.calls();
            const quiet = connection.listen(tell);
            try {
              const result = await connection.request(ask.method, ask.params, signal);
              return { kind: 'result', result, calls, isAgain };
            } catch (error) {
              if (signal.aborted) void endHanging(connection);
              throw error;
            } finally {
              quiet();
            }
          };
          if (!ask.onlyIfOpen) return await connections.use(server, directory, signal, work);
          return (await connections.useOpen(server, directory, signal, work)) ?? { kind: 'not open' };
        }
        default:
          return assertNever(ask);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof McpError) return { kind: 'refused', code: error.code, message: error.message };
      const text = isOpen ? lost(server.name, error) : notThere(server.name, error);
      return { kind: 'failed', reason: reasonOf(error), text };
    }
  };

const endHanging = async (connection: Connection): Promise<void> => {
  if (!(await connection.answers(answerMs))) await connection.close();
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const notThere = (name: string, error: unknown): string =>
  `The MCP server "${name}" can't be used: ${reasonOf(error)}. Nothing was done. ` +
  'Do without it, and tell the person, who can mend its entry under "mcp" of the configuration of OpenCode.';

const lost = (name: string, error: unknown): string =>
  error instanceof ServerLost
    ? `The MCP server "${name}" was lost in the middle of this call: ${error.message}. It is not known how far the call ` +
      'came: look at the state of things before you do it again. The next call starts it anew.'
    : `The MCP server "${name}" failed: ${reasonOf(error)}. Look at the state of things before you try again.`;
