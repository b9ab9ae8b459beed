/** What the hands ask of MCP servers that run below an actor. */
import { ActorEnded } from '../actor/actor.ts';
import { ActorNotStarted, type Actors } from '../actor/actors.ts';
import { mcpWork, type ServerAsk, type ServerReply, type ServerTold, serverReply, serverTold } from '../mcp/asked.ts';

/**
 * Asks the actor of a mission. Rejects with the signal's reason; what an actor says is checked, what is lost is told.
 */
export const askActor = async (
  actors: Actors,
  place: string,
  directory: string,
  asked: ServerAsk,
  tell: (told: ServerTold) => void,
  signal: AbortSignal,
): Promise<ServerReply> => {
  const work = { tool: mcpWork, args: asked, directory, session: '', call: '', agent: '', granted: [] };
  const live = (text: string): void => {
    const told = serverTold.safeParse(parsed(text)).data;
    if (told) tell(told);
  };
  try {
    const said = await actors.call(place, work, live, signal);
    signal.throwIfAborted();
    return serverReply.safeParse(said).data ?? failed(notAReply);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ActorEnded) return failed(actorEnded(error.message));
    if (error instanceof ActorNotStarted) return failed(`${error.message}. Nothing was done.`);
    throw error;
  }
};

const failed = (text: string): ServerReply => ({ kind: 'failed', reason: text, text });

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** For what is no reply. */
export const notAReply =
  'What came of an MCP server is no answer that Open Agent takes, so it was thrown away. What it did, it did: look at the ' +
  'state of things before you try again.';

const actorEnded = (how: string): string =>
  `The process that runs MCP servers and tools on this server ${how} in the middle of this call, and all of them ended ` +
  'with it. What was done until then is done: look at the state of things before you do it again.';
