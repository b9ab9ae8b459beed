// Someone who uses the edge: streams that are left when the test is done, missions, messages.
import { onTestFinished } from 'vitest';
import type { MissionJson } from '../../shared/api.ts';
import type { asUser } from './edge.ts';
import { type Block, readStream, type StreamReader } from './stream-reader.ts';

type Caller = ReturnType<typeof asUser>;

/** Opens a stream; resolves when it has begun. */
export const watch = async (as: Caller, query = '', lastEventId?: string): Promise<StreamReader> => {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
  const stream = readStream(await as(`/api/control/stream${query}`, { headers }));
  onTestFinished(() => stream.leave());
  await stream.until(({ text }) => text === ': keepalive');
  return stream;
};

export const create = async (as: Caller, json: object = {}): Promise<string> =>
  (await (await as('/api/control/missions', { method: 'POST', json })).json<MissionJson>()).id;

/** Sends a message; answers its id. */
export const send = async (as: Caller, json: object): Promise<string> =>
  (await (await as('/api/control/message', { method: 'POST', json })).json<{ id: string }>()).id;

export const says = (content: string) => (block: Block) => block.data.content === content;
export const is = (name: string) => (block: Block) => block.name === name;
