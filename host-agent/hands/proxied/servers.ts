/** MCP servers of the person's configuration, as the hands have them for OpenCode: whose, where, what may be shown. */
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import type { Log } from '../../process/log.ts';
import type { Redactor } from '../../process/redact.ts';
import type { Actors } from '../actor/actors.ts';
import type { Places } from '../actor/places.ts';
import type { ServerAsk, ServerInfo, ServerReply, ServerTold } from '../mcp/asked.ts';
import type { ServerResult } from '../mcp/connection.ts';
import { keyOf, type McpServer, secretsOf } from '../mcp/definition.ts';
import type { RemoteServers } from '../mcp/remote-servers.ts';
import { createStanding, type Standing } from '../mcp/standing.ts';
import type { HandsMission, Missions } from '../missions.ts';
import { askActor, notAReply } from './ask-actor.ts';
import { failure, fitResult } from './fit-result.ts';
import { createKnown, type Known } from './known.ts';

/** Who wants something of which server. */
export interface From {
  directory: string;
  server: McpServer;
  /** OpenCode's session and call, where a tool is called. */
  caller: { session: string; call: string } | undefined;
  /** Aborts when whoever wants it is gone. */
  signal: AbortSignal;
  /** Told when one of the server's lists is another one. */
  changed(method: string): void;
}

export interface McpServers {
  /** What the server says of itself. Rejects with `McpError`. */
  open(from: From): Promise<ServerInfo>;
  /** Rejects with `McpError`. Nothing in a result is a known secret. */
  request(from: From, method: string, params: Record<string, unknown> | undefined): Promise<ServerResult>;
  /** Cancels what runs for a mission; out: how many. */
  cancel(mission: string): number;
  /** That run now. */
  count(): number;
  /** The mission of this directory is over: the hands' own connections of it end. */
  forget(directory: string): void;
  /** The last of what is known of each server of an owner. */
  standing(): Standing[];
}

export interface McpServersParts {
  missions: Missions;
  places: Pick<Places, 'of'>;
  actors: Actors;
  /** Those that the hands reach themselves. */
  remote: RemoteServers;
  redactor: () => Redactor;
  /** A value that no result may show. */
  remember(secret: string): void;
  log: Log;
}

interface Running {
  mission: string;
  stop: AbortController;
}

export const createMcpServers = (parts: McpServersParts): McpServers => {
  const { missions, remember, redactor, log } = parts;
  const running = new Set<Running>();
  const known = createKnown();
  const standing = createStanding();

  /** Runs `work` for the mission that asks, which can cancel it. */
  const during = async <T>(
    from: From,
    work: (mission: HandsMission, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const mission = missions.at(from.directory);
    if (!mission) throw new McpError(ErrorCode.InvalidRequest, noMission(from.directory));
    for (const secret of secretsOf(from.server)) if (secret !== '') remember(secret);
    const one = { mission: mission.mission, stop: new AbortController() };
    running.add(one);
    try {
      return await work(mission, AbortSignal.any([from.signal, one.stop.signal]));
    } finally {
      running.delete(one);
    }
  };

  const ask = async (
    mission: HandsMission,
    from: From,
    signal: AbortSignal,
    asked: ServerAsk,
  ): Promise<ServerReply> => {
    const { directory, server } = from;
    const tell = (told: ServerTold): void => {
      if (told.told === 'changed') {
        if (asked.do === 'request') from.changed(told.method);
      } else log.info('mcp.printed', { mission: mission.mission, server: server.name, text: told.text });
    };
    const reply = await (server.definition.type === 'local' || asked.do === 'fit'
      ? askActor(parts.actors, parts.places.of(mission.owner), directory, asked, tell, signal)
      : parts.remote.serve(asked, { directory, signal, tell }));
    if (reply.kind === 'failed') {
      const { reason } = reply;
      log.warn('mcp.failed', { mission: mission.mission, server: server.name, caller: from.caller, reason });
      standing.note(mission.owner, server, redactor().text(reason));
    } else if (reply.kind === 'open' || reply.kind === 'result') standing.note(mission.owner, server, null);
    return reply;
  };

  const open = async (mission: HandsMission, from: From, signal: AbortSignal): Promise<Known> => {
    const key = knownKey(mission, from.server);
    const before = known.of(key);
    if (before) return before;
    const reply = await ask(mission, from, signal, { do: 'open', server: from.server });
    if (reply.kind !== 'open') throw mcpErrorOf(reply, redactor());
    return known.put(key, { info: asInfo(redactor().deep(reply.info), reply.info), lists: new Map() });
  };

  /** What is known of a fresh one is not asked for again: else each mission would start a process for a list. */
  const list = async (
    mission: HandsMission,
    from: From,
    signal: AbortSignal,
    asked: RequestAsk,
  ): Promise<ServerResult> => {
    const key = knownKey(mission, from.server);
    const reply = await ask(mission, from, signal, { ...asked, onlyIfOpen: true });
    if (reply.kind === 'not open') {
      const before = asked.params?.cursor === undefined ? known.of(key)?.lists.get(asked.method) : undefined;
      if (before) return before;
    }
    const answered = reply.kind === 'not open' ? await ask(mission, from, signal, asked) : reply;
    if (answered.kind !== 'result') throw mcpErrorOf(answered, redactor());
    const result = withoutResultSchemas(clean(answered.result, redactor()));
    if (answered.calls === 0 && asked.params?.cursor === undefined) known.of(key)?.lists.set(asked.method, result);
    return result;
  };

  const call = async (
    mission: HandsMission,
    from: From,
    signal: AbortSignal,
    asked: RequestAsk,
  ): Promise<ServerResult> => {
    const { name } = from.server;
    const reply = await ask(mission, from, signal, asked);
    const redact = redactor();
    if (reply.kind === 'failed') return failure(redact.text(reply.text));
    if (reply.kind === 'refused') return failure(redact.text(reply.message));
    if (reply.kind !== 'result') throw mcpErrorOf(reply, redact);
    if (reply.calls === 0) await tellOtherLists(mission, from, signal);
    const shorten = async (text: string): Promise<string> => {
      const fitted = await ask(mission, from, signal, { do: 'fit', name, text });
      return fitted.kind === 'fitted'
        ? fitted.text
        : 'The answer is too long to be shown, and could not be kept in a file.';
    };
    const result = await fitResult(clean(reply.result, redact), name, shorten);
    return reply.isAgain ? { ...result, content: [again(name), ...result.content] } : result;
  };

  /** OpenCode has the list of an earlier process, which may have been another one. */
  const tellOtherLists = async (mission: HandsMission, from: From, signal: AbortSignal): Promise<void> => {
    const method = 'tools/list';
    const key = knownKey(mission, from.server);
    const before = known.of(key)?.lists.get(method);
    if (!before) return;
    const asked = { do: 'request', server: from.server, method, onlyIfOpen: true } as const;
    const now = await ask(mission, from, signal, asked);
    if (now.kind !== 'result') return;
    const result = withoutResultSchemas(clean(now.result, redactor()));
    if (JSON.stringify(result) === JSON.stringify(before)) return;
    known.of(key)?.lists.set(method, result);
    from.changed('notifications/tools/list_changed');
  };

  return {
    open: (from) => during(from, async (mission, signal) => (await open(mission, from, signal)).info),
    request: (from, method, params) =>
      during(from, async (mission, signal) => {
        const asked = { do: 'request', server: from.server, method, params, onlyIfOpen: false } as const;
        if (method === 'tools/call') return call(mission, from, signal, asked);
        if (method.endsWith('/list')) return list(mission, from, signal, asked);
        const reply = await ask(mission, from, signal, asked);
        if (reply.kind !== 'result') throw mcpErrorOf(reply, redactor());
        return clean(reply.result, redactor());
      }),
    cancel: (mission) => {
      const found = [...running].filter((one) => one.mission === mission);
      for (const { stop } of found) stop.abort();
      return found.length;
    },
    count: () => running.size,
    forget: parts.remote.forget,
    standing: standing.all,
  };
};

type RequestAsk = Extract<ServerAsk, { do: 'request' }>;

/** Lists of one owner's are nobody else's business. */
const knownKey = ({ owner }: HandsMission, server: McpServer): string => JSON.stringify([owner, keyOf(server)]);

const clean = (result: ServerResult, redactor: Redactor): ServerResult =>
  Object.fromEntries(Object.entries(result).map(([name, value]) => [name, redactor.deep(value)]));

const asInfo = (cleaned: unknown, info: ServerInfo): ServerInfo => ({ ...info, ...Object(cleaned) });

/** OpenCode would hold a tool to it, and results are cut and have secrets replaced. */
const withoutResultSchemas = (result: ServerResult): ServerResult => {
  if (!Array.isArray(result.tools)) return result;
  return { ...result, tools: result.tools.map(({ outputSchema: _unused, ...tool }) => tool) };
};

const mcpErrorOf = (reply: ServerReply, redactor: Redactor): McpError => {
  if (reply.kind === 'refused') return new McpError(reply.code, redactor.text(reply.message));
  return new McpError(ErrorCode.InternalError, reply.kind === 'failed' ? redactor.text(reply.text) : notAReply);
};

const again = (name: string) => ({
  type: 'text' as const,
  text: `(The MCP server "${name}" was started anew, since nobody had used it for a while: what it had in mind is gone.)`,
});

const noMission = (directory: string): string =>
  `MCP servers of Open Agent work for its missions, and ${directory} is the directory of none that is known. Nothing was ` +
  'done. Whoever runs this server can restart Open Agent, which tells of them again.';
