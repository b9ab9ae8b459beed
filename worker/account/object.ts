/**
 * The `Account` object: one per user, by the user's id (architecture §2). It owns which logins were ended, holds a
 * socket of each of the user's open streams, and knows which servers have something of the user, so that a stream needs
 * no D1 for any of it. This class only wires, receives and passes on.
 */
import { DurableObject } from 'cloudflare:workers';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { exceededText } from '../../shared/quotas.ts';
import { isGoodFor } from '../auth/mode.ts';
import { close } from '../close-socket.ts';
import type { Bindings } from '../env.ts';
import { logInfo } from '../log.ts';
import type { Login } from '../principal.ts';
import { endLogin, endLogins, generationOf, isKept } from './logins.ts';
import { currentOf, elsewhere, forgetMissions, notePlace, type Place, placeOf, setCurrent } from './missions.ts';
import { loginIn, streamsIn } from './port.ts';
import { keepPositions, type Positions, positionsAt } from './positions.ts';
import { type NamedReservation, type Reservation, reserve } from './reserved.ts';
import { type AccountServer, expectLife, noteServer, type ServerChange, serversOf } from './servers.ts';
import { Streams } from './streams.ts';
import { migrate } from './tables.ts';

export class Account extends DurableObject<Bindings> {
  readonly #sql: SqlStorage;
  readonly #streams: Streams;
  readonly #now: () => number;

  /** The platform gives the first two. */
  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock = systemClock) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    ctx.storage.transactionSync(() => migrate(this.#sql));
    this.#streams = new Streams(ctx);
    this.#now = clock.now;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  // Streams

  /**
   * `/session`: the socket of a stream, for as long as its login is good; the query says the login, as
   * worker/account/port writes it. 403 for one that is not good any more, whatever the Worker that dials has been told:
   * it may have an older configuration than this object.
   */
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get('Upgrade') !== 'websocket') return new Response('expected a WebSocket', { status: 426 });
    const query = new URL(request.url).searchParams;
    const login = loginIn(query);
    if (!this.#isGood(login)) return new Response('this login has ended', { status: 403 });
    const most = streamsIn(query);
    if (most !== null && this.#streams.count >= most)
      return new Response(exceededText('streams', most), { status: 429 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.#streams.accept(server, { login, isStream: most !== null }, this.servers(), this.#now());
    await this.#endExpired();
    return new Response(null, { status: 101, webSocket: client });
  }
  override webSocketMessage(): void {
    // A stream says nothing but pings, which the runtime answers.
  }
  /** Answers the close handshake, without which the other end waits for its own time-out. */
  override webSocketClose(socket: WebSocket, _code: number, reason: string): void {
    close(socket, 1000, reason);
  }
  override webSocketError(_socket: WebSocket, cause: unknown): void {
    logInfo('account.socket.error', cause);
  }
  override alarm(): Promise<void> {
    return this.#endExpired();
  }
  /** An error for the user rather than a mission: each open stream shows it, wherever its servers are. */
  say(error: string): void {
    this.#streams.say(error);
  }
  /** How many streams of this user are open. */
  streams(): number {
    return this.#streams.count;
  }

  // Logins

  /** What a new login has in common with the others that are good. */
  generation(): string {
    return generationOf(this.#sql);
  }
  /** Whether nobody has ended this login. */
  isKept(login: Pick<Login, 'id' | 'generation'>): boolean {
    return isKept(this.#sql, login);
  }
  endLogin(login: Pick<Login, 'id' | 'endsAtMs'>): void {
    endLogin(this.#sql, login, this.#now());
    this.#streams.endLogin(login.id);
  }
  endLogins(): void {
    this.ctx.storage.transactionSync(() => endLogins(this.#sql));
    this.#streams.endLogins();
  }

  // Servers

  servers(): AccountServer[] {
    return serversOf(this.#sql);
  }
  serverChanged(change: ServerChange): void {
    if (noteServer(this.#sql, change)) this.#streams.tell(this.servers());
  }

  // Missions

  /** The server that holds a mission of this user; null where it is not remembered. */
  placeOf(mission: string): string | null {
    return placeOf(this.#sql, mission);
  }
  /** Those of these missions that are known on another server than this. */
  elsewhere(server: string, missions: readonly string[]): string[] {
    return elsewhere(this.#sql, server, missions);
  }
  notePlace(place: Place): void {
    this.ctx.storage.transactionSync(() => notePlace(this.#sql, place));
  }
  /** Undefined: never told. */
  current(): Place | null | undefined {
    return currentOf(this.#sql);
  }
  setCurrent(place: Place | null): void {
    this.ctx.storage.transactionSync(() => setCurrent(this.#sql, place));
  }
  /**
   * Before a message goes to its server: where the next one goes, and that something is alive there. Out: what was the
   * current mission before.
   */
  routed(place: Place): Place | null | undefined {
    const before = this.current();
    this.setCurrent(place);
    if (expectLife(this.#sql, place.host)) this.#streams.tell(this.servers());
    return before;
  }
  forgetMissions(gone: readonly string[]): void {
    this.ctx.storage.transactionSync(() => forgetMissions(this.#sql, gone));
  }

  // Requests

  /** What a key stands for: the first reservation under it, which this is where there is none. */
  reserve(reservation: NamedReservation): Reservation {
    return this.ctx.storage.transactionSync(() => reserve(this.#sql, reservation));
  }

  // Positions of streams

  keepPositions(positions: Positions): string {
    return this.ctx.storage.transactionSync(() => keepPositions(this.#sql, positions, this.#now()));
  }
  positionsAt(handle: string): Positions | null {
    return positionsAt(this.#sql, handle, this.#now());
  }

  #isGood(login: Login | null): boolean {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error('an Account object is always addressed by the id of its user');
    if (!isGoodFor(this.env, name, login)) return false;
    return login === null || (login.endsAtMs > this.#now() && isKept(this.#sql, login));
  }

  /** Ends what has expired, and comes back for the next. */
  async #endExpired(): Promise<void> {
    const next = this.#streams.endExpired(this.#now());
    if (next !== null && next !== (await this.ctx.storage.getAlarm())) await this.ctx.storage.setAlarm(next);
  }
}
