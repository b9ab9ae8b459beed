import type { Cancel, Clock } from '../../../shared/clock.ts';
import type { Connection } from './connection.ts';
import { keyOf, type McpServer } from './definition.ts';

export interface Use {
  connection: Connection;
  /** It had been ended because nobody used it. */
  isAgain: boolean;
}

/** Connections to MCP servers, one for each mission that uses one, made when they are wanted. */
export interface Connections {
  /** Rejects as `open` does, and with the signal's reason. */
  use<T>(server: McpServer, directory: string, signal: AbortSignal, work: (use: Use) => Promise<T>): Promise<T>;
  /** Undefined where none is open. */
  useOpen<T>(
    server: McpServer,
    directory: string,
    signal: AbortSignal,
    work: (use: Use) => Promise<T>,
  ): Promise<T | undefined>;
  /** How many are in use. */
  running(): number;
  /** Ends those of a mission. */
  endMission(directory: string): Promise<void>;
  endAll(): Promise<void>;
}

/**
 * So long without a use one is kept, as OpenCode keeps a mission's own: a person who thinks about an answer finds what
 * the server had in mind. A browser or a Node program takes some 50 MB and more.
 */
export const idleMs = 10 * 60_000;
/** Open at once, of an actor or of the hands; beyond, those go that were not used for the longest time. */
export const mostOpen = 32;

interface Held {
  directory: string;
  connection: Promise<Connection>;
  uses: number;
  usedMs: number;
  isAgain: boolean;
  cancelIdle: Cancel | undefined;
  /** Nobody waits any more for it to be there. */
  giveUp: AbortController;
  isThere: boolean;
}

export interface ConnectionsSpec {
  /** `signal` aborts when nobody waits any more. */
  open(server: McpServer, directory: string, signal: AbortSignal): Promise<Connection>;
  clock: Clock;
}

export const createConnections = ({ open, clock }: ConnectionsSpec): Connections => {
  const held = new Map<string, Held>();
  /** Those that were ended for want of use. */
  const rested = new Set<string>();

  const drop = (key: string, one: Held): void => {
    one.cancelIdle?.();
    if (held.get(key) === one) held.delete(key);
  };
  const end = async (key: string, one: Held): Promise<void> => {
    drop(key, one);
    await one.connection.then(
      (connection) => connection.close(),
      () => undefined, // It never was there.
    );
  };
  const restLater = (key: string, one: Held): void => {
    one.cancelIdle = clock.after(
      idleMs,
      () => {
        rested.add(key);
        void end(key, one);
      },
      { keepsAlive: false },
    );
  };
  const makeRoom = (): void => {
    if (held.size < mostOpen) return;
    const [idle] = [...held].filter(([, { uses }]) => uses === 0).toSorted(([, a], [, b]) => a.usedMs - b.usedMs);
    if (!idle) throw new Error(`${mostOpen} MCP servers work already: wait until one of their calls has ended`);
    rested.add(idle[0]);
    void end(...idle);
  };
  const begin = (key: string, server: McpServer, directory: string): Held => {
    makeRoom();
    const giveUp = new AbortController();
    const connection = open(server, directory, giveUp.signal);
    const isAgain = rested.delete(key);
    const at = { uses: 0, usedMs: 0, cancelIdle: undefined, isThere: false };
    const one: Held = { directory, connection, isAgain, giveUp, ...at };
    held.set(key, one);
    connection.then(
      ({ closed }) => {
        one.isThere = true;
        void closed.then(() => drop(key, one));
      },
      () => drop(key, one),
    );
    return one;
  };

  const during = async <T>(key: string, one: Held, signal: AbortSignal, work: (use: Use) => Promise<T>) => {
    one.cancelIdle?.();
    one.uses += 1;
    try {
      const connection = await orAbort(one.connection, signal);
      const { isAgain } = one;
      one.isAgain = false;
      return await work({ connection, isAgain });
    } finally {
      one.uses -= 1;
      one.usedMs = clock.steadyMs();
      if (one.uses === 0 && held.get(key) === one) {
        if (one.isThere) restLater(key, one);
        else {
          drop(key, one);
          one.giveUp.abort();
        }
      }
    }
  };
  const idOf = (server: McpServer, directory: string): string => JSON.stringify([directory, keyOf(server)]);

  return {
    use: async (server, directory, signal, work) => {
      const key = idOf(server, directory);
      return during(key, held.get(key) ?? begin(key, server, directory), signal, work);
    },
    useOpen: async (server, directory, signal, work) => {
      const key = idOf(server, directory);
      const one = held.get(key);
      return one && during(key, one, signal, work);
    },
    running: () => [...held.values()].filter(({ uses }) => uses > 0).length,
    endMission: async (directory) => {
      const its = [...held].filter(([, one]) => one.directory === directory);
      await Promise.all(its.map(([key, one]) => end(key, one)));
      for (const key of rested) if (JSON.parse(key)[0] === directory) rested.delete(key);
    },
    endAll: async () => {
      await Promise.all([...held].map(([key, one]) => end(key, one)));
    },
  };
};

const orAbort = async <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> => {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
};
