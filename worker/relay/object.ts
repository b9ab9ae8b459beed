/**
 * The `Relay` object: connects the HTTP body of a transfer, which the Worker has, with the WebSocket that a server
 * dialled for it (shared/channels/channel.ts). Nothing is stored: a transfer lives as long as both its ends, and when one ends,
 * so does the other.
 */
import { DurableObject } from 'cloudflare:workers';
import { maxUploadBytes } from '../../shared/limits.ts';
import type { Env } from '../env.ts';
import { Pair } from './pair.ts';
import type { Expected } from './port.ts';

export class Relay extends DurableObject<Env> {
  readonly #pairs = new Map<string, Pair>();

  /** Opens a transfer for one server and one secret; both sides have to come soon after. */
  open(id: string, expected: Expected): void {
    this.#pairs.set(id, new Pair(expected, { ended: () => this.#pairs.delete(id) }));
  }

  /** `/<transfer>/join`: the server's socket. `…/upload`: a body for it. `…/download?bytes=`: a body from it. */
  override fetch(request: Request): Response | Promise<Response> {
    const url = new URL(request.url);
    const [, id = '', side] = url.pathname.split('/');
    const pair = this.#pairs.get(id);
    if (!pair) return new Response('This transfer is over or was never begun.', { status: 410 });
    switch (side) {
      case 'join':
        return pair.join(request.headers);
      case 'upload':
        return pair.upload(request.body, maxUploadBytes);
      default:
        return pair.download(Number(url.searchParams.get('bytes')));
    }
  }
}
