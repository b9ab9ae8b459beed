/**
 * The `Relay` object: couples a client's HTTP request, which the Worker has, with the WebSocket that a server dialled
 * for it, by a channel that has a name (shared/channels). Nothing is stored: what is opened lives as long as both its
 * ends, and when one ends, so does the other.
 */
import { DurableObject } from 'cloudflare:workers';
import { channels } from '../../shared/channels/channels.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { holdLong } from '../account/hold.ts';
import type { Bindings } from '../env.ts';
import type { Principal } from '../principal.ts';
import { Pair } from './pair.ts';
import type { Expected } from './port.ts';

const credentialEndedText =
  'The server was removed from this edge or enrolled again, and the transfer ended with that.';
const loginEnded = () => new AppError('unauthorised', 'This login has ended, and the transfer with it. Log in again.');

export class Relay extends DurableObject<Bindings> {
  readonly #pairs = new Map<string, Pair>();
  readonly #clock: Clock;

  /** The platform gives the first two. */
  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock = systemClock) {
    super(ctx, env);
    this.#clock = clock;
  }

  /**
   * Opens a channel for one server and one secret; both ends have to come soon after. Both end with the login by which
   * it was opened.
   */
  open(id: string, name: string, expected: Expected, principal: Principal): void {
    const channel = channels[name];
    if (!channel) throw new AppError('internal', `There is no channel ${name}.`);
    const pair = new Pair(channel, expected, {
      clock: this.#clock,
      ended: () => {
        letGo();
        this.#pairs.delete(id);
      },
    });
    const { ACCOUNT } = this.env;
    const letGo = holdLong({ ACCOUNT, clock: this.#clock }, principal, () => pair.fail(loginEnded()));
    this.#pairs.set(id, pair);
  }

  /** The server's credential is good no more: what it sends and takes ends. */
  endAll(): void {
    for (const pair of this.#pairs.values()) pair.fail(new AppError('unavailable', credentialEndedText));
  }

  /** `/<id>/join`: the server's socket. `/<id>/client`: the client's request. */
  override fetch(request: Request): Response | Promise<Response> {
    const [, id = '', end] = new URL(request.url).pathname.split('/');
    const pair = this.#pairs.get(id);
    if (!pair) return new Response('This transfer is over or was never begun.', { status: 410 });
    return end === 'join' ? pair.join(request.headers) : pair.couple(request);
  }
}
