import { z } from 'zod';
import type { EndpointFile } from './endpoint.ts';
import { type Durable, historyRow, type Session, session } from './events.ts';
import { OpenCodeAway, OpenCodeRefused } from './failure.ts';

/** Loopback reads of small things; also covers the window after a start in which requests are never answered (facts §2.4). */
const readMs = 10_000;
/** A history may be many megabytes. */
const historyMs = 120_000;
/** OpenCode's default of 100 would hide sessions from us. */
const listLimit = 1_000_000;

export interface Rule {
  permission: string;
  pattern: string;
  action: 'allow' | 'deny';
}

export interface Model {
  providerID: string;
  modelID: string;
}

export interface Prompt {
  messageID: string;
  partID: string;
  text: string;
  agent: string;
  model: Model;
}

/** Permissions and questions that wait for an answer. */
const request = z.object({ id: z.string(), sessionID: z.string() });
export type OpenRequest = z.infer<typeof request>;

const sessionStatus = z.record(z.string(), z.object({ type: z.string() }));
const providers = z.object({
  providers: z.array(z.object({ id: z.string() })),
  default: z.record(z.string(), z.string()),
});

export type Client = ReturnType<typeof openCodeClient>;

/**
 * OpenCode's HTTP API, as much of it as we use. Every call throws OpenCodeAway when there is no answer, OpenCodeRefused when
 * the answer is an error, ZodError when it is not what 1.18 says.
 */
export const openCodeClient = (endpoint: EndpointFile) => {
  const call = async <T>(
    method: string,
    path: string,
    answer: z.ZodType<T>,
    body?: unknown,
    ms = readMs,
  ): Promise<T> => {
    const { url, authorization } = endpoint.get();
    let response: Response;
    let text: string;
    try {
      response = await fetch(url + path, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(ms),
      });
      text = await response.text();
    } catch (cause) {
      endpoint.failed();
      throw new OpenCodeAway(`OpenCode did not answer ${method} ${path}`, { cause });
    }
    if (!response.ok)
      throw new OpenCodeRefused(response.status, `${method} ${path}: ${reasonIn(text)} (${response.status})`);
    return answer.parse(text === '' ? undefined : JSON.parse(text));
  };
  const ok = z.unknown();

  return {
    /** Why OpenCode can't be started, in words for people; null while waiting for it makes sense. */
    failure: () => endpoint.failure(),

    createSession: (directory: string, body: { title: string; metadata: Record<string, string>; permission: Rule[] }) =>
      call('POST', `/session${at(directory)}`, session, body),

    /** Null when OpenCode has no such session. */
    getSession: async (id: string): Promise<Session | null> => {
      try {
        return await call('GET', `/session/${id}`, session);
      } catch (error) {
        if (error instanceof OpenCodeRefused && error.status === 404) return null;
        throw error;
      }
    },

    listSessions: (directory: string) => call('GET', `/session${at(directory)}&limit=${listLimit}`, z.array(session)),

    /** Every session of every directory, children too. */
    listAllSessions: () => call('GET', `/experimental/session?limit=${listLimit}&archived=true`, z.array(session)),

    /** Replaces the session's metadata; OpenCode stores and sends a `session.updated`. */
    setMetadata: (id: string, metadata: Record<string, string>) =>
      call('PATCH', `/session/${id}`, session, { metadata }),

    /** Hands over a message. OpenCode answers before it has stored it; repeating it with the same ids is the same message. */
    promptAsync: (id: string, prompt: Prompt) =>
      call('POST', `/session/${id}/prompt_async`, ok, {
        messageID: prompt.messageID,
        agent: prompt.agent,
        model: prompt.model,
        parts: [{ type: 'text', id: prompt.partID, text: prompt.text }],
      }),

    abort: (id: string) => call('POST', `/session/${id}/abort`, ok),

    /** `busy`, `retry` or `idle`, as OpenCode has it at this moment. */
    status: async (directory: string, id: string): Promise<string> =>
      (await call('GET', `/session/status${at(directory)}`, sessionStatus))[id]?.type ?? 'idle',

    permissions: (directory: string) => call('GET', `/permission${at(directory)}`, z.array(request)),
    questions: (directory: string) => call('GET', `/question${at(directory)}`, z.array(request)),
    /** With a `message` the agent gets it and goes on; without one its turn stops. */
    rejectPermission: (directory: string, id: string, message?: string) =>
      call('POST', `/permission/${id}/reply${at(directory)}`, ok, { reply: 'reject', ...(message ? { message } : {}) }),
    rejectQuestion: (directory: string, id: string) => call('POST', `/question/${id}/reject${at(directory)}`, ok, {}),

    /**
     * Stored events: of each session named with a number those after that seq, and ALL of every session that is not named
     * (measured). At most about 900 names, more are answered with 500.
     */
    history: (after: Record<string, number>): Promise<Durable[]> =>
      call('POST', '/sync/history', z.array(historyRow), after, historyMs),

    agents: async (directory: string): Promise<string[]> => {
      const agent = z.object({ name: z.string(), mode: z.string(), hidden: z.boolean().optional() });
      const all = await call('GET', `/agent${at(directory)}`, z.array(agent));
      return all.filter((each) => each.mode !== 'subagent' && !each.hidden).map((each) => each.name);
    },

    /** The model of the directory's configuration, as `provider/model`. */
    configuredModel: async (directory: string) =>
      (await call('GET', `/config${at(directory)}`, z.object({ model: z.string().optional() }))).model ?? null,

    /** The first connected provider with its default model, or null when none is connected. */
    firstModel: async (directory: string): Promise<Model | null> => {
      const answer = await call('GET', `/config/providers${at(directory)}`, providers);
      for (const { id } of answer.providers) {
        const modelID = answer.default[id];
        if (modelID) return { providerID: id, modelID };
      }
      return null;
    },

    /** Frees a directory's instance; running turns of it are aborted. */
    disposeInstance: (directory: string) => call('POST', `/instance/dispose${at(directory)}`, ok),
  };
};

/** Only the query is decoded by every version and wins over the header (facts §5). */
const at = (directory: string): string => `?directory=${encodeURIComponent(directory)}`;

const failure = z.object({ message: z.string().optional(), data: z.object({ message: z.string() }).optional() });

const reasonIn = (text: string): string => {
  try {
    const answer = failure.parse(JSON.parse(text));
    return answer.data?.message ?? answer.message ?? 'OpenCode gave no reason';
  } catch {
    return 'OpenCode gave no reason'; // A page or a fragment says nothing to people.
  }
};
