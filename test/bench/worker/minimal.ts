/**
 * The baseline of fan-out: the least an object can do with the same frames. No schema, no SQL: each batch of a host
 * becomes one ready-made frame for everyone who watches, and is acknowledged. The Worker's part is as small.
 */
import { DurableObject } from 'cloudflare:workers';

interface Batch {
  run: string;
  from: number;
  items: object[];
  deltas: object[];
}

const viewerTag = 'viewer';

export class Minimal extends DurableObject {
  override fetch(request: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, request.url.endsWith('/viewer') ? [viewerTag] : []);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: string): void {
    const { run, from, items, deltas }: Batch = JSON.parse(message);
    this.keep(items);
    let text = '';
    for (const each of items) text += `event: item\ndata: ${JSON.stringify(each)}\n\n`;
    for (const each of deltas) text += `event: delta\ndata: ${JSON.stringify(each)}\n\n`;
    for (const viewer of this.ctx.getWebSockets(viewerTag)) viewer.send(text);
    if (items.length > 0)
      socket.send(JSON.stringify({ type: 'ack', run, n: from + items.length - 1, segment: 's', seq: 1 }));
  }

  protected keep(_items: object[]): void {
    // Nothing is kept here; keeping.ts is the baseline that does.
  }
}

/** A stream over a hibernating socket, bytes forwarded as they come. */
export const minimalStream = async (object: Fetcher): Promise<Response> => {
  const socket = (await object.fetch('http://minimal/viewer', { headers: { Upgrade: 'websocket' } })).webSocket;
  if (!socket) return new Response('no socket', { status: 502 });
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      socket.addEventListener('message', ({ data }) => controller.enqueue(encoder.encode(String(data))));
      socket.accept();
      controller.enqueue(encoder.encode(': joined\n\n'));
    },
    cancel: () => socket.close(1000, 'left'),
  });
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
};
