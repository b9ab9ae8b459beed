import type { Clock } from '../../../shared/clock.ts';
import type { ServerReply } from './asked.ts';
import type { OfServer, ServeSituation } from './serve.ts';

export interface RemoteServers {
  /** Rejects when the signal aborts. */
  serve(ask: OfServer, situation: ServeSituation): Promise<ServerReply>;
  /** The mission of this directory is over. */
  forget(directory: string): void;
}

/** MCP servers on the network, as the hands have them. What reaches them is loaded where one is first wanted. */
export const remoteServers = (version: string, clock: Clock): RemoteServers => {
  const make = async () => {
    const [{ createConnections }, { openRemote }, { serveAsks }] = await Promise.all([
      import('./connections.ts'),
      import('./remote.ts'),
      import('./serve.ts'),
    ]);
    const connections = createConnections({
      clock,
      open: async ({ definition }, directory, signal) => {
        if (definition.type !== 'remote') throw new Error('it is not one on the network');
        return openRemote(definition, { directory, version, signal });
      },
    });
    return { connections, serve: serveAsks(connections) };
  };
  let made: ReturnType<typeof make> | undefined;
  return {
    serve: async (ask, situation) => {
      made ??= make();
      return (await made).serve(ask, situation);
    },
    forget: (directory) => void made?.then(({ connections }) => connections.endMission(directory)),
  };
};
