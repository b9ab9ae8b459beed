import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { appendVerdict } from '../../shared/append.ts';
import { type EdgeFrame, type HostFrame, parseHostFrame, type Welcome } from '../../shared/frames.ts';
import { closeCode, protocolVersion } from '../../shared/limits.ts';

export interface PeerRow {
  run: string;
  n: number;
  item: unknown;
}

type FrameOf<T extends HostFrame['type']> = Extract<HostFrame, { type: T }>;

/**
 * A scripted edge: it speaks shared/frames.ts, keeps what it is sent by the append rule, and does everything else only
 * when the test says so. Frames it can't read end up in `violations`.
 */
export class EdgePeer {
  readonly url: string;
  readonly rows: PeerRow[] = [];
  readonly gaps: FrameOf<'gap'>[] = [];
  readonly violations: string[] = [];
  /** Last n stored of each run. */
  readonly runs = new Map<string, number>();
  log: string = randomUUID();
  segment: string = randomUUID();
  /** Acknowledge batches as the object does. */
  acks = true;
  /** Answer dials with this HTTP status instead of a socket. */
  refuseWith: number | null = null;
  readonly dials: Dial[] = [];
  #taken = 0;
  readonly #changes = new Set<() => void>();

  constructor(url: string) {
    this.url = url;
  }

  static async start(): Promise<EdgePeer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const peer = new EdgePeer(`http://127.0.0.1:${port}`);
    const sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (peer.refuseWith !== null) {
        socket.end(`HTTP/1.1 ${peer.refuseWith} Refused\r\nConnection: close\r\n\r\n`);
        return;
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        peer.dials.push(new Dial(peer, webSocket, request.url ?? '', request.headers.authorization ?? ''));
        peer.changed();
      });
    });
    onTestFinished(() => {
      for (const dial of peer.dials) dial.cut();
      server.closeAllConnections();
      server.close();
    });
    return peer;
  }

  /** Waits for the next connection that no test step has taken yet. */
  async dialled(): Promise<Dial> {
    const index = this.#taken++;
    return this.until(() => this.dials[index]);
  }

  /** The next connection, after hello and welcome. */
  async greeted(welcome: Partial<Welcome> = {}): Promise<Dial> {
    const dial = await this.dialled();
    await dial.next('hello');
    dial.welcome(welcome);
    return dial;
  }

  /** Waits until `count` rows are stored. */
  async stored(count: number): Promise<PeerRow[]> {
    return this.until(() => (this.rows.length >= count ? this.rows : undefined));
  }

  /** Resolves with the first value of `look` that is not undefined; asks again whenever something arrived. */
  until<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const check = (): void => {
        const value = look();
        if (value === undefined) return;
        this.#changes.delete(check);
        resolve(value);
      };
      this.#changes.add(check);
      check();
    });
  }

  changed(): void {
    for (const check of [...this.#changes]) check();
  }
}

/** One connection as the edge sees it. */
export class Dial {
  readonly path: string;
  readonly authorization: string;
  /** Everything read from the host, in order. */
  readonly frames: HostFrame[] = [];
  pings = 0;
  closed: { code: number; reason: string } | null = null;
  readonly #peer: EdgePeer;
  readonly #socket: WebSocket;
  readonly #taken = new Map<string, number>();

  constructor(peer: EdgePeer, socket: WebSocket, path: string, authorization: string) {
    this.#peer = peer;
    this.#socket = socket;
    this.path = path;
    this.authorization = authorization;
    socket.on('message', (data) => {
      this.#read(data.toString());
      peer.changed();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      peer.changed();
    });
  }

  /** The next frame of this type that was not asked for yet. */
  async next<T extends HostFrame['type']>(type: T): Promise<FrameOf<T>> {
    const index = this.#taken.get(type) ?? 0;
    this.#taken.set(type, index + 1);
    return this.#peer.until(() => this.all(type)[index]);
  }

  all<T extends HostFrame['type']>(type: T): FrameOf<T>[] {
    return this.frames.filter((frame): frame is FrameOf<T> => frame.type === type);
  }

  send(frame: EdgeFrame): void {
    this.raw(JSON.stringify(frame));
  }

  raw(data: string | Buffer, isBinary = false): void {
    this.#socket.send(data, { binary: isBinary });
  }

  /** Says welcome as the object would, with what the peer has stored of the runs that hello named. */
  welcome(over: Partial<Welcome> = {}): void {
    const hello = this.all('hello').at(-1);
    const runs = hello ? [...new Set([...hello.runs, hello.run])] : [];
    this.send({
      type: 'welcome',
      version: protocolVersion,
      session: randomUUID(),
      log: this.#peer.log,
      segment: this.#peer.segment,
      seq: 0,
      epoch: hello?.epoch ?? 0,
      runs: runs.map((run) => ({ run, n: this.#peer.runs.get(run) ?? 0 })),
      src: [],
      commands: [],
      interrupts: [],
      ended_turns: [],
      frame_ms: 1,
      ...over,
    });
  }

  ack(run: string, n: number): void {
    this.send({ type: 'ack', run, n, segment: this.#peer.segment, seq: n });
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason);
  }

  /** The network is gone, at both ends at once. */
  cut(): void {
    this.#socket.terminate();
  }

  /** Half open: the socket lives, nobody reads or answers. */
  freeze(): void {
    this.#socket.pause();
  }

  async ended(): Promise<{ code: number; reason: string }> {
    return this.#peer.until(() => this.closed ?? undefined);
  }

  #read(text: string): void {
    if (text === 'ping') {
      this.pings++;
      this.raw('pong');
      return;
    }
    const parsed = parseHostFrame(text);
    if (!parsed.ok) {
      this.#peer.violations.push(parsed.reason);
      return;
    }
    this.frames.push(parsed.frame);
    if (parsed.frame.type === 'batch') this.#append(parsed.frame);
    if (parsed.frame.type === 'gap') this.#skip(parsed.frame);
  }

  #append({ run, from, items }: FrameOf<'batch'>): void {
    for (const [index, item] of items.entries()) {
      const n = from + index;
      const verdict = appendVerdict(n, this.#peer.runs.get(run) ?? 0, undefined, undefined);
      if (verdict === 'gap') {
        this.close(closeCode.gap, `n ${n}`);
        return;
      }
      if (verdict !== 'insert') continue;
      this.#peer.runs.set(run, n);
      this.#peer.rows.push({ run, n, item });
    }
    if (this.#peer.acks && items.length > 0) this.ack(run, this.#peer.runs.get(run) ?? 0);
  }

  #skip(gap: FrameOf<'gap'>): void {
    this.#peer.gaps.push(gap);
    this.#peer.runs.set(gap.run, Math.max(this.#peer.runs.get(gap.run) ?? 0, gap.to));
    if (this.#peer.acks) this.ack(gap.run, gap.to);
  }
}
