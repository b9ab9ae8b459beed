import type { Frame } from '../../shared/channels/channel.ts';
import { connectionChannel } from '../../shared/channels/connections.ts';
import { Window } from '../../shared/channels/credit.ts';
import { AppError } from '../../shared/errors.ts';
import { transferWindowBytes } from '../../shared/limits.ts';
import type { Coupling } from './flow.ts';
import { ServerEnd } from './server-end.ts';

/** How many bytes go between two marks: as many as receivers gather before they say that they took them. */
const markBytes = transferWindowBytes / 4;

/**
 * The server's socket and the client's, each of whose bytes go to the other. Out: the handshake of the client's. What
 * is under way in a direction is at most a window: a sender is granted more only when its receiver has echoed a mark,
 * which it can't know before it has read what was sent before it.
 */
export const passOn: Coupling = async (_client, _channel, server, { begin, moved, done, fail }) => {
  const { 0: theirs, 1: ours } = new WebSocketPair();
  const client = new ServerEnd(ours, connectionChannel, {
    bytes: (chunk) => {
      if (!toClient.hasEnded()) toServer.bytes(chunk); // Else nobody is there to read it.
    },
    frame: (frame) => heard(frame, toServer, toClient),
    heard: moved, // A client that is there pings, also when its connection has nothing to say.
    gone: (error) => fail(error),
  });
  const toServer = way(client, server, fail);
  const toClient = way(server, client, fail);
  const heard = (frame: Frame, outgoing: Way, incoming: Way): void => {
    if (frame.type === 'mark') incoming.echoed(frame.id);
    else if (frame.type === 'end') {
      outgoing.end();
      if (!incoming.hasEnded()) return;
      client.close(null);
      done();
    } else if (frame.type === 'failed') fail(new AppError(frame.code, frame.message));
    else fail(outOfTurn());
  };
  begin({
    bytes: (chunk) => toClient.bytes(chunk),
    frame: (frame) => heard(frame, toClient, toServer),
    failed: (error) => client.close(error),
  });
  toServer.open();
  toClient.open();
  return new Response(null, { status: 101, webSocket: theirs });
};

interface Way {
  open(): void;
  bytes(chunk: ArrayBuffer): void;
  /** The receiver has echoed this mark. */
  echoed(id: string): void;
  /** The sender sends no more. */
  end(): void;
  hasEnded(): boolean;
}

/** One direction: the sender's bytes, and the marks among them. */
const way = (from: ServerEnd, to: ServerEnd, fail: (error: AppError) => void): Way => {
  const window = new Window((bytes) => from.send({ type: 'grant', bytes }));
  const marks: { id: string; bytes: number }[] = [];
  let unmarked = 0;
  let ended = false;
  return {
    open: () => window.open(),
    bytes: (chunk) => {
      if (ended || chunk.byteLength === 0 || !window.arrived(chunk.byteLength)) return fail(tooMuch());
      to.sendBytes(new Uint8Array(chunk));
      unmarked += chunk.byteLength;
      if (unmarked < markBytes) return;
      const id = crypto.randomUUID();
      marks.push({ id, bytes: unmarked });
      unmarked = 0;
      to.send({ type: 'mark', id });
    },
    echoed: (id) => {
      const mark = marks.shift();
      if (mark?.id !== id) return fail(outOfTurn());
      window.taken(mark.bytes);
    },
    end: () => {
      if (!ended) to.send({ type: 'end' });
      ended = true;
    },
    hasEnded: () => ended,
  };
};

const tooMuch = () =>
  new AppError('internal', 'More was sent on a connection than was granted. Update the older side.');
const outOfTurn = () => new AppError('internal', 'An end of a connection spoke out of turn. Update the older side.');
