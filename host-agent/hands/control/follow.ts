import type { ServerResponse } from 'node:http';
import type { Live } from '../live.ts';
import type { HandsLine } from '../told.ts';

/**
 * Tells a reader what happens to calls, from `after` on, as fast as it reads and no faster: what it is too slow for is
 * kept by `live` or lost there, and never waits here. `run` is this life of the hands: a number of another one is none.
 */
export const follow = (response: ServerResponse, { run, live }: { run: string; live: Live }, after: number): void => {
  let cursor = Math.min(after, live.last());
  const told = new Map<string | null, number>();
  const say = (line: HandsLine): boolean => response.write(`${JSON.stringify(line)}\n`);

  const go = (): void => {
    while (!response.writableNeedDrain && !response.closed) {
      const next = live.after(cursor);
      if (!next) return;
      for (const { owner, upTo } of next.lost) {
        if ((told.get(owner) ?? 0) < upTo) say({ type: 'gap', owner });
        told.set(owner, upTo);
      }
      cursor = next.event.number;
      say(next.event);
    }
  };

  response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' });
  say({ type: 'hello', run, last: live.last() });
  response.on('drain', go);
  response.on('close', live.onEvent(go));
  go();
};
