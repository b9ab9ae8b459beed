/** The MCP servers that run below an actor: as its user, in its place, with what commands have of an environment. */
import manifest from '../../../package.json' with { type: 'json' };
import type { Clock } from '../../../shared/clock.ts';
import type { Background } from '../actor/child.ts';
import { type ServerReply, serverAsk } from '../mcp/asked.ts';
import type { ServeSituation } from '../mcp/serve.ts';
import { fitOutput } from '../tools/fit-output.ts';

export interface LocalServers extends Background {
  /** Does what the hands ask. Rejects when the signal aborts, and where it is asked for what is none of these. */
  serve(ask: unknown, situation: LocalSituation): Promise<ServerReply>;
}

export interface LocalSituation extends ServeSituation {
  /** Keeps a text in a file of the mission; out: its path. */
  keep(name: string, text: string): Promise<string>;
}

/** `own` is the environment that the actor was started with. The client of MCP is loaded where one is first wanted. */
export const makeLocalServers = (own: Readonly<Record<string, string | undefined>>, clock: Clock): LocalServers => {
  const make = async () => {
    const [{ openConnection }, { createConnections }, { serveAsks }, { stdioTransport }] = await Promise.all([
      import('../mcp/connection.ts'),
      import('../mcp/connections.ts'),
      import('../mcp/serve.ts'),
      import('./stdio.ts'),
    ]);
    const connections = createConnections({
      clock,
      open: async ({ definition }, directory, signal) => {
        if (definition.type !== 'local') throw new Error('it is not one that runs here');
        const transport = stdioTransport({ definition, directory, own, clock });
        const { version } = manifest;
        return openConnection(transport, { directory, limitMs: definition.timeout, version, signal });
      },
    });
    return { connections, serve: serveAsks(connections) };
  };
  let made: ReturnType<typeof make> | undefined;
  const connections = async () => (await made)?.connections;
  let running = 0;

  return {
    serve: async (asked, situation) => {
      const ask = serverAsk.parse(asked);
      running += 1;
      try {
        if (ask.do === 'fit') return { kind: 'fitted', text: await fitOutput(situation, ask.name, ask.text) };
        made ??= make();
        return await (await made).serve(ask, situation);
      } finally {
        running -= 1;
      }
    },
    running: () => running,
    endMission: async (directory) => (await connections())?.endMission(directory),
    endAll: async () => (await connections())?.endAll(),
  };
};
