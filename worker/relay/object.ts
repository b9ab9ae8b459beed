/**
 * The `Relay` object: couples a client's HTTP request, which the Worker has, with the WebSocket that a server dialled
 * for it, by a channel that has a name (shared/channels). Nothing is stored: what is opened lives as long as both its
 * ends, and when one ends, so does the other.
 */
import { DurableObject } from 'cloudflare:workers';
import { channels } from '../../shared/channels/channels.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { Bindings } from '../env.ts';
import { Pair } from './pair.ts';
import type { Expected } from './port.ts';

export class Relay extends DurableObject<Bindings> {
  readonly #pairs = new Map<string, Pair>();
  readonly #clock: Clock;

  /** The platform gives the first two. */
  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock = systemClock) {
    super(ctx, env);
    this.#clock = clock;
  }

  /** Opens a channel for one server and one secret; both ends have to come soon after. */
  open(id: string, name: string, expected: Expected): void {
    const channel = channels[name];
    if (!channel) throw new AppError('internal', `There is no channel ${name}.`);
    this.#pairs.set(id, new Pair(channel, expected, { clock: this.#clock, ended: () => this.#pairs.delete(id) }));
  }

  /** `/<id>/join`: the server's socket. `/<id>/client`: the client's request. */
  override fetch(request: Request): Response | Promise<Response> {
    const [, id = '', end] = new URL(request.url).pathname.split('/');
    const pair = this.#pairs.get(id);
    if (!pair) return new Response('This transfer is over or was never begun.', { status: 410 });
    return end === 'join' ? pair.join(request.headers) : pair.couple(request);
  }
}
