// OpenCode's own durable history of a mission, and what our stored events must have of it.
import { expect } from 'vitest';
import { z } from 'zod';
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
  event_type: z.string(),
  content: z.string(),
  sequence: z.number(),
  tool_call_id: z.string().nullable(),
  tool_name: z.string().nullable(),
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
