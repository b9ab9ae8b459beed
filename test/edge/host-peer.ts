import { env } from 'cloudflare:test';
import { type EdgeFrame, parseEdgeFrame } from '../../shared/frames.ts';
import { applyMigrations } from '../../worker/directory/migrations.ts';
import { firstHello } from '../support/first-hello.ts';

/** A host's end of the link inside workerd: speaks frames, keeps what it was sent, waits for what it expects. */
export interface HostPeer {
  send(frame: object): void;
  /** Types of everything that came, in order. */
  order: string[];
  /** Bytes of the largest frame that came. */
  largest(): number;
  /** The next frame of this type, already arrived or to come. */
  next<T extends EdgeFrame['type']>(type: T): Promise<Extract<EdgeFrame, { type: T }>>;
  closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

/** Enrols the server in D1, as the setup call does. */
export const enrolHost = async (host: string): Promise<void> => {
  await applyMigrations(env.DB);
  await env.DB.prepare(
    "INSERT INTO hosts (id, name, credential_sha256, epoch, workspace_id, live, created_at) VALUES (?, 'test', 'x', 1, ?, 0, 0)",
  )
    .bind(host, crypto.randomUUID())
    .run();
};

/** Dials the object of a server as its host-agent would. */
export const dialHost = async (host: string, epoch = 1): Promise<HostPeer> => {
  const response = await env.HOST.getByName(host).fetch('http://host/link', {
    headers: { Upgrade: 'websocket', 'x-openagent-epoch': String(epoch) },
  });
  const socket = response.webSocket;
  if (!socket) throw new Error(`no socket: ${response.status}`);
  const inbox: EdgeFrame[] = [];
  const order: string[] = [];
  const waiting: { type: string; resolve: (frame: EdgeFrame) => void }[] = [];
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  let largest = 0;
  socket.addEventListener('message', ({ data }) => {
    largest = Math.max(largest, Buffer.byteLength(String(data)));
    const parsed = parseEdgeFrame(String(data));
    if (!parsed.ok) throw new Error(parsed.reason);
    order.push(parsed.frame.type);
    const at = waiting.findIndex(({ type }) => type === parsed.frame.type);
    if (at < 0) inbox.push(parsed.frame);
    else waiting.splice(at, 1)[0]?.resolve(parsed.frame);
  });
  socket.addEventListener('close', ({ code, reason }) => closed.resolve({ code, reason }));
  socket.accept();
  return {
    send: (frame) => socket.send(JSON.stringify(frame)),
    order,
    largest: () => largest,
    next: async <T extends EdgeFrame['type']>(type: T) => {
      const at = inbox.findIndex((frame) => frame.type === type);
      const frame =
        at >= 0 ? inbox.splice(at, 1)[0] : await new Promise<EdgeFrame>((resolve) => waiting.push({ type, resolve }));
      return frame as Extract<EdgeFrame, { type: T }>;
    },
    closed: closed.promise,
    close: () => socket.close(1000, 'test'),
  };
};

/** A `hello` of a host with nothing open. */
export const hello = (run: string, more: object = {}): object => firstHello(run, { ...more });

export const batch = (
  run: string,
  from: number,
  items: object[],
  deltas: object[] = [],
  outputs?: object[],
): object => ({
  type: 'batch',
  run,
  from,
  items,
  deltas,
  ...(outputs ? { outputs } : {}),
});

export const row = (mission: string | null, event: object, src?: object): object => ({
  at: 1_700_000_000_000,
  mission,
  event,
  ...(src ? { src } : {}),
});

/** Since when lists call a server connected; null: they do not. */
export const connectedSince = (host: string): Promise<number | null> =>
  env.DB.prepare('SELECT connected_since FROM hosts WHERE id = ?').bind(host).first<number>('connected_since');
