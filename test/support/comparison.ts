// OpenCode's own durable history of a mission, and what our stored events must have of it.
import { expect } from 'vitest';
import * as z from 'zod';
import type { ModelRequest } from './model-request.ts';
import type { Person } from './person.ts';

const sessions = z.array(z.object({ id: z.string() }));
const historyRows = z.array(
  z.object({
    aggregate_id: z.string(),
    data: z.looseObject({
      part: z
        .looseObject({ id: z.string(), type: z.string(), text: z.string().optional(), messageID: z.string() })
        .optional(),
      info: z.looseObject({ id: z.string(), role: z.string().optional() }).optional(),
    }),
  }),
);

const storedEvent = z.looseObject({
  id: z.number(),
  event_type: z.string(),
  content: z.string(),
  sequence: z.number(),
  tool_call_id: z.string().nullable(),
  tool_name: z.string().nullable(),
  event_id: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
});
export type StoredEvent = z.infer<typeof storedEvent>;

type Call = (method: string, path: string, body?: unknown) => Promise<unknown>;

export interface OpenCodeHistory {
  sessions: number;
  /** Texts and reasonings of the answers, in the order of their parts; empty ones left out. */
  texts: string[];
  /** Part ids of the tool calls. */
  tools: string[];
}

/** Final texts and tool calls that OpenCode has stored of the sessions in `directory`. */
export const openCodeHistory = async (call: Call, directory: string): Promise<OpenCodeHistory> => {
  const inDirectory = sessions.parse(await call('GET', `/session?directory=${encodeURIComponent(directory)}`));
  const rows = historyRows.parse(await call('POST', '/sync/history', {}));
  const own = rows.filter((row) => inDirectory.some(({ id }) => id === row.aggregate_id));
  const answers = new Set(own.flatMap(({ data }) => (data.info?.role === 'assistant' ? [data.info.id] : [])));
  const parts = new Map(
    own.flatMap(({ data }) =>
      data.part && answers.has(data.part.messageID) ? [[data.part.id, data.part] as const] : [],
    ),
  );
  return {
    sessions: inDirectory.length,
    texts: [...parts.values()].flatMap(({ type, text }) =>
      (type === 'text' || type === 'reasoning') && text ? [text] : [],
    ),
    tools: [...parts.values()].filter(({ type }) => type === 'tool').map(({ id }) => id),
  };
};

/** A mission's stored events, as the API gives them. */
export const storedEvents = async (person: Person, mission: string): Promise<StoredEvent[]> =>
  z.array(storedEvent).parse((await person.call('GET', `/api/control/missions/${mission}/events`)).json);

/** Every durable fact of OpenCode is among our events, once, and nothing else; our sequence has no hole. */
export const expectSameAsOpenCode = (events: readonly StoredEvent[], history: OpenCodeHistory): void => {
  const of = (type: string) => events.filter(({ event_type }) => event_type === type);
  expect(history.sessions).toBe(1);
  const thoughts = of('thinking').map(({ content }) => content);
  expect(thoughts.filter((text) => text !== '').toSorted()).toEqual(history.texts.toSorted());
  expect(
    of('tool_call')
      .map(({ tool_call_id }) => tool_call_id)
      .toSorted(),
  ).toEqual(history.tools.toSorted());
  expect(
    of('tool_result')
      .map(({ tool_call_id }) => tool_call_id)
      .toSorted(),
  ).toEqual(history.tools.toSorted());
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
};

/** What the model says it did: the texts it sent, by kind and in order, and the tools it called, of the calls given. */
export interface ModelRecord {
  texts: string[];
  tools: string[];
}

/** One text is what OpenCode makes one part of: all text of a call, and each run of reasoning in it. */
export const modelRecord = (requests: readonly ModelRequest[]): ModelRecord => {
  const record: ModelRecord = { texts: [], tools: [] };
  for (const { sent } of requests) {
    const opened: { kind: string; text: string }[] = [];
    let last = '';
    for (const { kind, text } of sent) {
      if (kind === 'tool') record.tools.push(text);
      else {
        const known = kind === 'text' || last === kind ? opened.findLast((part) => part.kind === kind) : undefined;
        if (known) known.text += text;
        else opened.push({ kind, text });
      }
      last = kind;
    }
    record.texts.push(...opened.map(({ text }) => text));
  }
  return record;
};

const spoken = (events: readonly StoredEvent[]): string[] =>
  events.filter(({ event_type, content }) => event_type === 'thinking' && content !== '').map(({ content }) => content);

const called = (events: readonly StoredEvent[]): string[] =>
  events
    .filter(({ event_type }) => event_type === 'tool_call')
    .map(({ tool_name, content }) => `${tool_name} ${content}`);

/** Our events have what the model sent, in its order, and nothing else. */
export const expectSameAsModel = (events: readonly StoredEvent[], record: ModelRecord): void => {
  expect(spoken(events)).toEqual(record.texts);
  expect(called(events)).toEqual(record.tools);
};

/** Our events are a beginning of what the model sent, of the last text too, and have at least what OpenCode stored. */
export const expectPrefixOfModel = (
  events: readonly StoredEvent[],
  record: ModelRecord,
  stored: OpenCodeHistory,
): void => {
  const texts = spoken(events);
  expect(texts.slice(0, -1)).toEqual(record.texts.slice(0, Math.max(0, texts.length - 1)));
  expect((record.texts[texts.length - 1] ?? '').startsWith(texts.at(-1) ?? '')).toBe(true);
  expect(called(events)).toEqual(record.tools.slice(0, called(events).length));
  for (const text of stored.texts) expect(texts).toContain(text);
  expect(events.flatMap(({ event_type, tool_call_id }) => (event_type === 'tool_call' ? [tool_call_id] : []))).toEqual(
    expect.arrayContaining(stored.tools),
  );
};

/** No step of a message was asked twice. */
export const expectAskedOnce = (requests: readonly ModelRequest[]): void => {
  const steps = requests.map(({ sessionId, userText, messagesCount, step }) =>
    [sessionId, userText, messagesCount - step, step].join(),
  );
  expect(steps.toSorted()).toEqual([...new Set(steps)].toSorted());
};
