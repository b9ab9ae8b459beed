// Between people and the edge: a TCP proxy for HTTP and event streams.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export type ViewerProxy = Awaited<ReturnType<typeof startViewerProxy>>;

interface Connection {
  near: Socket;
  far: Socket;
  /** Nothing is read from the edge, whatever the viewer does. */
  isStalled: boolean;
}

/** Starts the proxy before the edge that `target` names at each connection. People use `url`. */
export const startViewerProxy = async (target: () => string) => {
  const connections = new Set<Connection>();
  const counts = { cut: 0, stalled: 0, delayed: 0 };
  let delayMs = 0;

  const server = createServer((near) => {
    const { hostname, port } = new URL(target());
    const connection = { near, far: connect(Number(port), hostname), isStalled: false };
    connections.add(connection);
    carry(near, connection.far, () => near.resume());
    carry(connection.far, near, () => connection.isStalled || connection.far.resume());
    near.on('close', () => connections.delete(connection));
  });

  const carry = (from: Socket, to: Socket, goOn: () => void): void => {
    const end = (): void => {
      to.end();
    };
    from.on('data', (bytes) => {
      if (delayMs > 0) counts.delayed++;
      later(() => {
        if (to.write(bytes)) return;
        from.pause();
        to.once('drain', goOn);
      });
    });
    from.on('end', () => later(end));
    from.on('error', () => to.destroy()); // A cut, or an end that was killed; the other is told the same way.
    from.on('close', () => later(end));
  };

  /** Timers of equal length run in the order they were made, so bytes keep theirs. */
  const later = (work: () => void): void => {
    if (delayMs > 0) setTimeout(work, delayMs);
    else work();
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the viewer proxy has no TCP port');

  const cut = (): void => {
    counts.cut += connections.size;
    for (const { near, far } of connections) {
      near.destroy();
      far.destroy();
    }
  };

  const flow = (): void => {
    for (const connection of connections) {
      connection.isStalled = false;
      connection.far.resume();
    }
  };

  return {
    url: `http://127.0.0.1:${address.port}`,
    /** How often each fault was done. */
    counts,
    connections: (): number => connections.size,
    /** Ends every connection on both sides without a word. */
    cut,
    /** Nothing is read from the edge any more for the connections that are open now; `flow` ends it. */
    stall: (): void => {
      counts.stalled += connections.size;
      for (const connection of connections) {
        connection.isStalled = true;
        connection.far.pause();
      }
    },
    flow,
    /** Bytes take `ms` longer from now on; 0 ends it. Change it only while nothing flows, or bytes overtake. */
    delay: (ms: number): void => {
      delayMs = ms;
    },
    /** No fault from now on. */
    heal: (): void => {
      delayMs = 0;
      flow();
    },
    async close(): Promise<void> {
      for (const { near, far } of connections) {
        near.destroy();
        far.destroy();
      }
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
};
