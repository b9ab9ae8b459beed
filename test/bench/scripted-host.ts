// A host's end of the link that says what a section wants said, as fast as it is acknowledged.

import { once } from 'node:events';
import WebSocket from 'ws';
import { parseEdgeFrame } from '../../shared/frames.ts';
import { firstHello } from '../support/first-hello.ts';

export interface Batch {
  items: object[];
  deltas: object[];
}

export type ScriptedHost = Awaited<ReturnType<typeof dialHost>>;

/** Dials `path` at `url`. With `run` it says hello and waits for the welcome, as the object of a server wants. */
export const dialHost = async (url: string, path: string, { run, token }: { run: string; token: string | null }) => {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, {
    ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
    perMessageDeflate: false,
  });
  await once(socket, 'open');
  let n = 0;
  let acked = 0;
  let failure: Error | null = null;
  let wake: () => void = () => undefined;
  let welcomed = token === null;
  socket.on('message', (data) => {
    const parsed = parseEdgeFrame(data.toString());
    if (parsed.ok && parsed.frame.type === 'ack') acked = parsed.frame.n;
    if (parsed.ok && parsed.frame.type === 'welcome') welcomed = true;
    wake();
  });
  socket.on('close', (code, reason) => {
    failure = new Error(`the edge closed the link: ${code} ${reason}`);
    wake();
  });
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      if (failure) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  if (token !== null) {
    socket.send(JSON.stringify(hello(run)));
    await until(() => welcomed);
  }

  /** Sends one batch; its rows get the next numbers. */
  const send = ({ items, deltas }: Batch): void => {
    socket.send(JSON.stringify({ type: 'batch', run, from: n + 1, items, deltas }));
    n += items.length;
  };
  return {
    send,
    /** Resolves when every row sent so far is committed. */
    settled: (): Promise<void> => until(() => acked >= n),
    /** Sends all of them, with at most `windowRows` rows unacknowledged. */
    sendAll: async (batches: Iterable<Batch>, windowRows: number): Promise<void> => {
      for (const batch of batches) {
        await until(() => n - acked < windowRows);
        send(batch);
      }
      await until(() => acked >= n);
    },
    close: async (): Promise<void> => {
      const gone = once(socket, 'close');
      socket.close(1000, 'done');
      await gone;
    },
  };
};

const hello = (run: string): object =>
  firstHello(run, {
    agent_version: 'bench',
    capabilities: { agents: null, working_dir: '/root', slots: 1_000 },
    clock: Date.now(),
  });
