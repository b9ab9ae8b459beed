import * as z from 'zod';
import { byPerson } from '../plugin/person-text.ts';
import { at, openCodeCall, openCodeRows, wellFormedJson } from './call.ts';
import { connectedProviders } from './connected-providers.ts';
import type { EndpointFile } from './endpoint.ts';
import {
  openCodeTodo,
  replayed,
  type Session,
  type SessionStatus,
  type StoredRow,
  session,
  sessionStatus,
  storedRow,
} from './events.ts';
import { OpenCodeRefused } from './failure.ts';
import { id, ifReadable, json, listOf, name, text } from './in-range.ts';
import { takesImages } from './model-input.ts';
import type { Model, Prompt } from './prompt.ts';

/** A history may be many megabytes. */
const historyMs = 120_000;
/** OpenCode's default of 100 would hide sessions from us. */
const listLimit = 1_000_000;

export interface Rule {
  permission: string;
  pattern: string;
  action: 'allow' | 'ask' | 'deny';
}

/** What waits for an answer. `tool` names the call that asks, by the message it is in and the provider's id. */
const request = z.object({
  id,
  sessionID: id,
  tool: ifReadable(z.object({ messageID: id, callID: z.string() })),
});
const permission = request.extend({
  permission: name,
  patterns: listOf(text).catch([]),
  always: listOf(text).catch([]),
  metadata: z.record(z.string(), json).catch({}),
});
const question = request.extend({ questions: z.array(json).catch([]) });
export type OpenCodePermission = z.infer<typeof permission>;
export type OpenCodeQuestion = z.infer<typeof question>;

/** A name that would have to be cut names nothing. */
const agent = z.object({
  name: id,
  mode: z.string(),
  hidden: ifReadable(z.boolean()),
  description: ifReadable(text),
  model: ifReadable(z.object({ providerID: name, modelID: name })),
});
export type Agent = z.infer<typeof agent>;

/** Of a message only its tool calls; other parts have none of these fields. */
const messageTools = z.object({
  parts: listOf(
    z.object({
      tool: ifReadable(name),
      callID: ifReadable(text),
      state: ifReadable(z.object({ status: z.string() })),
    }),
  ),
});

const sessionStatuses = z.record(z.string(), sessionStatus);
const idle: SessionStatus = { type: 'idle', text: '', nextAt: null };
export type Client = ReturnType<typeof openCodeClient>;

/**
 * OpenCode's HTTP API, as much of it as we use. Every call throws OpenCodeAway when there is no answer, OpenCodeRefused
 * when the answer is an error, ZodError when it is not what 1.18 says.
 */
export const openCodeClient = (endpoint: EndpointFile) => {
  const call = openCodeCall(endpoint);
  const rows = openCodeRows(endpoint);
  const ok = z.unknown();

  return {
    /** Why OpenCode can't be started, in words for people; null while waiting for it makes sense. */
    failure: () => endpoint.failure(),

    /** The OpenCode process that the next call goes to. Throws OpenCodeAway. */
    process: () => endpoint.get().process,

    /** Where OpenCode listens, and whether we started it. */
    address: () => {
      const { url, isOurs } = endpoint.get();
      return { url, isOurs };
    },

    version: async () => (await call('GET', '/global/health', z.object({ version: z.string() }))).version,

    createSession: (directory: string, body: { title: string; metadata: Record<string, string> }) =>
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

    /** A session's messages, oldest first. */
    messages: (id: string) => call('GET', `/session/${id}/message`, listOf(messageTools), undefined, historyMs),

    /** A session's to-do list. */
    todos: (id: string) => call('GET', `/session/${id}/todo`, listOf(openCodeTodo)),

    /**
     * Makes what OpenCode makes once for a directory, most of which a session's first prompt would wait for: its
     * instance, and (measured) with a list of files the services that a prompt has, with the tools of a model those.
     */
    warm: async (directory: string, model: Model | null): Promise<void> => {
      await call('GET', `/file${at(directory)}&path=.`, ok);
      if (model === null) return;
      const { providerID, modelID } = model;
      const named = `provider=${encodeURIComponent(providerID)}&model=${encodeURIComponent(modelID)}`;
      await call('GET', `/experimental/tool${at(directory)}&${named}`, ok);
    },

    /**
     * Names of the tools of a directory: OpenCode's own, then those of plug-ins, which replace those before them of the
     * same name (opencode §10.8).
     */
    toolNames: (directory: string) => call('GET', `/experimental/tool/ids${at(directory)}`, z.array(z.string())),

    /**
     * A directory's sessions, of whatever project: OpenCode's other list has only those of the present one, and the
     * directory is another project since it has another repository before OpenCode's eyes (measured).
     */
    listSessions: (directory: string) =>
      call('GET', `/experimental/session${at(directory)}&limit=${listLimit}&archived=true`, listOf(session)),

    /** Every session of every directory, children too. */
    listAllSessions: () => call('GET', `/experimental/session?limit=${listLimit}&archived=true`, listOf(session)),

    /** Adds rules behind the session's own, which win from then on (measured: they are never replaced). */
    addRules: (id: string, rules: readonly Rule[]) => call('PATCH', `/session/${id}`, session, { permission: rules }),

    /** Replaces the session's metadata; OpenCode stores and sends a `session.updated`. */
    setMetadata: (id: string, metadata: Record<string, string>) =>
      call('PATCH', `/session/${id}`, session, { metadata }),

    /**
     * Hands over a message. OpenCode answers before it has stored it; repeating it with the same ids is the same
     * message.
     */
    promptAsync: (id: string, prompt: Prompt) =>
      call('POST', `/session/${id}/prompt_async`, ok, {
        messageID: prompt.messageID,
        agent: prompt.agent,
        model: prompt.model,
        parts: [{ type: 'text', id: prompt.partID, text: prompt.text, metadata: byPerson }, ...prompt.more],
      }),

    /** True for a model that can be sent images. */
    takesImages: (directory: string, model: Model) => takesImages(call, directory, model),

    abort: (id: string) => call('POST', `/session/${id}/abort`, ok),

    /** What a session does, as OpenCode has it at this moment. */
    status: async (directory: string, id: string): Promise<SessionStatus> =>
      (await call('GET', `/session/status${at(directory)}`, sessionStatuses))[id] ?? idle,

    permissions: (directory: string) => call('GET', `/permission${at(directory)}`, listOf(permission)),
    questions: (directory: string) => call('GET', `/question${at(directory)}`, listOf(question)),
    /** A rejection with a `message`: the agent gets it and goes on; without one its turn stops. */
    replyPermission: (directory: string, id: string, reply: 'once' | 'always' | 'reject', message?: string | null) =>
      call('POST', `/permission/${id}/reply${at(directory)}`, ok, { reply, ...(message ? { message } : {}) }),
    replyQuestion: (directory: string, id: string, answers: readonly string[][]) =>
      call('POST', `/question/${id}/reply${at(directory)}`, ok, { answers }),
    rejectQuestion: (directory: string, id: string) => call('POST', `/question/${id}/reject${at(directory)}`, ok, {}),

    /**
     * Stored events, in order of their seq: of each session named with a number those after that seq, and ALL of every
     * session that is not named (measured). At most about 900 names, more are answered with 500. `take` gets each as it
     * arrives, with the text that it came in.
     */
    history: (after: Record<string, number>, take: (row: StoredRow, text: string) => void): Promise<void> =>
      rows('POST', '/sync/history', after, (text) => {
        const row = storedRow.safeParse(wellFormedJson(text));
        // A row that can't be read must not hide the others.
        if (row.success) take(row.data, text);
      }),

    /**
     * Stores events of one session again, under their own ids and seqs; what is there already is left as it is
     * (measured). They have to follow what is stored without a hole.
     */
    storeAgain: (directory: string, events: readonly StoredRow[]) =>
      call('POST', `/sync/replay${at(directory)}`, ok, { directory, events: events.map(replayed) }, historyMs),

    /** Deletes a session with those of its sub-agents and everything that is stored of them. */
    deleteSession: (id: string) => call('DELETE', `/session/${id}`, ok),

    /** Every agent of a directory's configuration, sub-agents and hidden ones too. */
    agents: (directory: string): Promise<Agent[]> => call('GET', `/agent${at(directory)}`, listOf(agent)),

    /** The model of the directory's configuration, as `provider/model`. */
    configuredModel: async (directory: string) =>
      (await call('GET', `/config${at(directory)}`, z.object({ model: z.string().optional() }))).model ?? null,

    /** The first connected provider with its default model, or null when none is connected. */
    firstModel: async (directory: string): Promise<Model | null> => {
      const all = await connectedProviders(call, directory);
      const [first] = all.flatMap(({ id, defaultModel }) => (defaultModel === null ? [] : [{ id, defaultModel }]));
      return first ? { providerID: first.id, modelID: first.defaultModel } : null;
    },

    /** Frees a directory's instance; running turns of it are aborted. */
    disposeInstance: (directory: string) => call('POST', `/instance/dispose${at(directory)}`, ok),
  };
};
