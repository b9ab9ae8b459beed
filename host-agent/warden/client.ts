/** The warden as the hands see it. */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type Clock, wait } from '../../shared/clock.ts';
import type { MissionId } from '../../shared/ids.ts';
import { oneLine } from './one-line.ts';
import { type Answer, answer, type Request, wardenSocket } from './requests.ts';

/** A place that was entered. */
export interface Entered {
  /** The process that holds it. */
  pid: number;
  /** Its actor hears and speaks here. */
  connection: Socket;
  /** Closes when the place is gone; ending it ends the place. */
  life: Socket;
}

export interface Warden {
  /** Starts the owner's place. Rejects with why it does not stand. */
  enter(owner: string): Promise<Entered>;
  /** Makes what a mission has its owner's. May be repeated. Rejects with why it can't be. */
  give(mission: { mission: MissionId; owner: string; directory: string }): Promise<void>;
  /** Bytes of the disk that the owner's place holds; null where it has none of its own. Takes as long as it takes. */
  measure(owner: string): Promise<number | null>;
  /** Keeps agents from a port of the machine itself, in place of the one before. Rejects with why it can't be. */
  close(port: number): Promise<void>;
}

/** A warden that is started again is there within a second, on a busy machine within a few. */
const awayMs = 10_000;
const lookMs = 50;

export const wardenIn = (directory: string, clock: Clock): Warden => {
  const path = wardenSocket(directory);

  /** A connection on which `asked` was asked. */
  const ask = async (asked: Request): Promise<Socket> => {
    for (const until = clock.steadyMs() + awayMs; ; await wait(clock, lookMs)) {
      try {
        const socket = await connected(path);
        socket.write(`${JSON.stringify(asked)}\n`);
        return socket;
      } catch (error) {
        if (clock.steadyMs() > until) throw new Error('the warden of this server does not answer', { cause: error });
      }
    }
  };

  const measure = async (owner: string): Promise<number | null> => {
    const socket = await ask({ verb: 'measure', owner });
    const said = await answered(socket);
    socket.destroy();
    if (!('bytes' in said)) throw new Error('the warden answered something else');
    return said.bytes;
  };

  const order = async (asked: Request): Promise<void> => {
    const socket = await ask(asked);
    await answered(socket);
    socket.destroy();
  };

  return {
    enter: async (owner) => {
      const hold = randomUUID();
      const life = await ask({ verb: 'hold', hold });
      try {
        await answered(life);
        const connection = await ask({ verb: 'enter', owner, hold });
        const said = await answered(connection);
        if (!('pid' in said)) throw new Error('the warden answered something else');
        return { pid: said.pid, connection, life };
      } catch (error) {
        life.destroy();
        throw error;
      }
    },
    measure,
    give: (mission) => order({ verb: 'give', ...mission }),
    close: (port) => order({ verb: 'close', port }),
  };
};

const connected = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject).on('error', () => undefined); // It closes then, which tells.
      resolve(socket);
    });
  });

const answered = async (socket: Socket): Promise<Exclude<Answer, { error: string }>> => {
  const line = await oneLine(socket).catch((cause: unknown) => {
    throw new Error('the place could not be made; warden.log says why', { cause });
  });
  const said = answer.parse(JSON.parse(line));
  if ('error' in said) {
    socket.destroy();
    throw new Error(said.error);
  }
  return said;
};
