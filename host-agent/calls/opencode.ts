import type { openCodeCalls } from '../../shared/calls/opencode.ts';
import { AppError } from '../../shared/errors.ts';
import type { MissionId } from '../../shared/ids.ts';
import type { Agent, Client } from '../opencode/api/client.ts';
import { OpenCodeAway, OpenCodeRefused } from '../opencode/api/failure.ts';
import { openCodeBinary } from '../opencode/process/binary.ts';
import type { RepliesTo } from './replies.ts';

export interface OpenCodeContext {
  client: Client;
  /** Directory whose configuration is everybody's. */
  home: string;
  /** Agent of missions that name none. */
  defaultAgent: string;
  /** Nothing asks for a permission. */
  permissive: boolean;
  /** The session of a mission; undefined before its first turn. */
  sessionOf(mission: MissionId): string | undefined;
}

/** What the edge asks about OpenCode itself; never where its password is of any use. */
export const openCodeReplies = ({
  client,
  home,
  defaultAgent,
  permissive,
  sessionOf,
}: OpenCodeContext): RepliesTo<typeof openCodeCalls> => ({
  agents: async () => {
    const agents = await client.agents(home).catch(explained);
    return { agents: agents.map(agentJson), default_agent: defaultAgent };
  },
  state: async () => {
    try {
      const { url, isOurs } = client.address();
      const path = isOurs ? openCodeBinary().path : null;
      return { base_url: url, path, permissive, version: await client.version(), error: null };
    } catch (error) {
      return { version: null, base_url: null, path: null, permissive, error: reasonOf(error) };
    }
  },
  diagnostics: async ({ mission }) => {
    const session = mission === null ? undefined : sessionOf(mission);
    const none = { base_url: null, session_id: session ?? null, session_status: null };
    try {
      const base_url = client.address().url;
      // Asked in any case: that it answers is what is diagnosed.
      if (session === undefined) await client.version();
      const session_status = session === undefined ? null : await sessionStatus(client, session);
      return { ...none, base_url, session_status, error: null };
    } catch (error) {
      return { ...none, error: reasonOf(error) };
    }
  },
});

const agentJson = ({ name, mode, description, model, hidden }: Agent) => ({
  name,
  mode,
  ...(description === undefined ? {} : { description }),
  ...(model === undefined ? {} : { model: `${model.providerID}/${model.modelID}` }),
  hidden: hidden ?? false,
});

const sessionStatus = async (client: Client, session: string) => {
  const [info, messages] = await Promise.all([client.getSession(session), client.messages(session)]);
  const tools = messages.flatMap(({ parts }) =>
    parts.flatMap(({ tool, callID, state }) =>
      tool === undefined || callID === undefined || state === undefined
        ? []
        : [{ name: tool, call_id: callID, status: state.status }],
    ),
  );
  const isOpen = ({ status }: { status: string }): boolean => status === 'pending' || status === 'running';
  return {
    session_id: session,
    session_info: info,
    message_count: messages.length,
    running_tools: tools.filter(isOpen),
    completed_tools: tools.filter((tool) => !isOpen(tool)),
  };
};

const reasonOf = (error: unknown): string => {
  if (error instanceof OpenCodeAway || error instanceof OpenCodeRefused) return error.message;
  throw error;
};

const explained = (cause: unknown): never => {
  throw new AppError('unavailable', `OpenCode could not be asked for its agents: ${reasonOf(cause)}`, { cause });
};
