// A user who has as much as every quota lets them have, and goes on asking for more, as fast as is answered. In a
// process of its own, so that its work delays nobody who measures. Speaks over IPC.
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { defaultLimits } from '../../shared/quotas.ts';
import { fillQueues } from './full-queues.ts';

/** Who, where, and in which missions messages wait: a turn of each runs on a server that never ends it. */
export interface HostileOrder {
  url: string;
  headers: Record<string, string>;
  missions: string[];
}
export type HostileNews =
  | { kind: 'full' }
  | { kind: 'stopped'; notFull: string[]; answers: string }
  | { kind: 'failed'; reason: string };

/** Uploads are calls as well. */
const calls = defaultLimits.calls - defaultLimits.uploads;
const uploadBytes = String(Math.floor(defaultLimits.upload_bytes / defaultLimits.uploads));
const lookMs = 100;
/** A quota counts as full a little below: one message is always just out of its queue. */
const nearlyFull = 0.98;

const usage = z.array(z.object({ name: z.string(), used: z.number(), limit: z.number() }));
const taken = z.object({ id: z.string() });

const begin = async ({ url, headers, missions }: HostileOrder) => {
  const agent = new Agent({ keepAlive: true });
  const json = { 'content-type': 'application/json' };
  /** A request that is answered; of a stream it is only the head that is waited for. */
  const ask = (method: string, path: string, body?: object): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const options = { method, agent, headers: { ...headers, ...json } };
      request(`${url}${path}`, options, (response) => {
        const pieces: Buffer[] = [];
        const answered = () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() });
        if (response.headers['content-type']?.startsWith('text/event-stream')) {
          answered();
          response.destroy();
        } else response.on('data', (piece: Buffer) => pieces.push(piece)).on('end', answered);
      })
        .on('error', reject)
        .end(body && JSON.stringify(body));
    });
  /** A request that stays open; what it is answered is read and dropped. */
  const hold = (method: string, path: string, body?: string, more: Record<string, string> = {}): void => {
    const options = { method, headers: { ...headers, ...more } };
    const outgoing = request(`${url}${path}`, options, (response) => response.resume());
    if (body === undefined) outgoing.end();
    else outgoing.write(body);
  };
  const send = (mission: string, content: string) =>
    ask('POST', '/api/control/message', { content, mission_id: mission });

  const waiting = await fillQueues(missions, send);
  for (let stream = 0; stream < defaultLimits.streams; stream++) hold('GET', '/api/control/stream?format=delta');
  for (let call = 0; call < calls; call++) hold('GET', '/api/fs/list?path=/tmp');
  const form = { 'content-type': 'multipart/form-data; boundary=x', 'content-length': uploadBytes };
  for (let upload = 0; upload < defaultLimits.uploads; upload++)
    hold('POST', '/api/fs/upload?path=/tmp', '--x\r\n', form);
  const notFull = async (): Promise<string[]> => {
    const quotas = usage.parse(JSON.parse((await ask('GET', '/api/quotas')).text));
    return quotas.filter(({ used, limit }) => used < limit * nearlyFull).map(({ name }) => name);
  };
  const isHeld = async (): Promise<boolean> => {
    const free = await notFull();
    return !['streams', 'calls', 'uploads'].some((name) => free.includes(name));
  };
  while (!(await isHeld())) await pause(lookMs);

  const statuses = new Map<string, number>();
  const note = ({ status }: { status: number }, what: string): void => {
    statuses.set(`${what} ${status}`, (statuses.get(`${what} ${status}`) ?? 0) + 1);
  };
  let isOver = false;
  /** One more of each kind; and a message out of the queue and another one in, which is allowed. */
  const more = async (): Promise<void> => {
    while (!isOver) {
      const first = waiting.shift();
      if (!first) throw new Error('nothing waits');
      note(await ask('DELETE', `/api/control/queue/${first.id}`), 'remove');
      const again = await send(first.mission, first.text);
      note(again, 'message');
      if (again.status === 200) waiting.push({ ...first, ...taken.parse(JSON.parse(again.text)) });
      note(await send(first.mission, first.text), 'message');
      note(await ask('POST', '/api/control/missions', {}), 'mission');
      note(await ask('GET', '/api/fs/list?path=/tmp'), 'call');
      note(await ask('GET', '/api/control/queue'), 'queue');
      note(await ask('GET', '/api/control/stream'), 'stream');
    }
  };
  const asking = more();
  return {
    stop: async (): Promise<HostileNews> => {
      const free = await notFull();
      isOver = true;
      await asking;
      const answers = [...statuses].map(([what, count]) => `${what}: ${count}`).join(', ');
      return { kind: 'stopped', notFull: free, answers };
    },
  };
};

const tell = (news: HostileNews): void => {
  process.send?.(news);
};
const failed = (cause: unknown): void => tell({ kind: 'failed', reason: String(cause) });

let load: ReturnType<typeof begin> | undefined;
process.on('message', (order: HostileOrder | 'stop') => {
  if (order === 'stop') load?.then(({ stop }) => stop()).then(tell, failed);
  else {
    load = begin(order);
    load.then(() => tell({ kind: 'full' }), failed);
  }
});
// All that is open ends with it.
process.on('disconnect', () => process.exit());
