/**
 * The `Host` object: one per server, one ordered log (architecture §2). This class only wires, receives and passes on:
 * every rule is a function beside it that is given the context, and what people do is a use case.
 */
import { DurableObject } from 'cloudflare:workers';
import type { AskJson, RunningJson } from '../../shared/api.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import type { MissionStatus } from '../../shared/events.ts';
import type { MissionId } from '../../shared/ids.ts';
import { maxObjectBytes } from '../../shared/limits.ts';
import { defaultLimits, type Limits } from '../../shared/quotas.ts';
import type { RetentionChange, RetentionJson } from '../../shared/retention.ts';
import { close } from '../close-socket.ts';
import type { Bindings } from '../env.ts';
import { logInfo } from '../log.ts';
import { type Principal, requireScope } from '../principal.ts';
import { clearQueue, editQueued, type QueueEdit, removeQueued } from './actions/queue.ts';
import { askPage } from './asks/asks.ts';
import { type Credential, provenEpoch } from './credential.ts';
import { dialled } from './dialled.ts';
import { linkTag } from './link/socket.ts';
import { queuePage, runningCount, runningJson } from './missions/activity.ts';
import { mayAsk } from './missions/residents.ts';
import { working } from './missions/slots.ts';
import { type HostParts, partsOf } from './parts.ts';
import type {
  EventsQuery,
  HistoryPage,
  Listed,
  NewAnswer,
  NewMessage,
  NewMission,
  QueuePage,
  Reply,
} from './replies.ts';
import type { Usage } from './usage/usage.ts';
import * as people from './use-cases.ts';
import { readMission, readProgress, readTree } from './views/reads.ts';

export class Host extends DurableObject<Bindings> {
  readonly #parts: HostParts;

  /** The platform gives the first two. */
  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock = systemClock, roomBytes: number = maxObjectBytes) {
    super(ctx, env);
    this.#parts = partsOf(ctx, env, clock, roomBytes);
    // What an object owes that was lost in the middle of it, or was made by an older version.
    this.#parts.upkeep.settleLater(true);
    this.#parts.link.connected.noteEnd();
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  // Sockets and the alarm

  override fetch(request: Request): Response {
    return dialled(this.#parts, this.env, request);
  }
  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    if (this.#isLink(socket)) this.#parts.link.message(socket, message);
    else this.#parts.viewers.message(socket, message);
  }
  /** Answers the close handshake, without which the other end waits for its own time-out. */
  override webSocketClose(socket: WebSocket, _code: number, reason: string): void {
    close(socket, 1000, reason);
    if (this.#isLink(socket)) this.#parts.link.closed(socket);
  }
  override webSocketError(socket: WebSocket, cause: unknown): void {
    if (this.#isLink(socket)) this.#parts.link.closed(socket);
    logInfo('socket.error', cause);
  }
  #isLink(socket: WebSocket): boolean {
    return this.ctx.getTags(socket).includes(linkTag);
  }
  override alarm(): Promise<void> {
    return people.onAlarm(this.#parts);
  }

  // Missions

  prepared(owner: string, limits: Limits = defaultLimits) {
    return people.prepared(this.#parts, owner, limits);
  }
  createMission(mission: NewMission, limits: Limits = defaultLimits) {
    return people.createMission(this.#parts, mission, limits);
  }
  mission(owner: string, id: string, page?: HistoryPage) {
    return readMission(this.#parts.host, owner, id, page);
  }
  /** Whether it has a mission of theirs, of which nobody else knows: then D1 is told. */
  holds(owner: string, id: string): boolean {
    return people.holds(this.#parts, owner, id);
  }
  events(owner: string, id: string, query: EventsQuery) {
    return people.readMissionEvents(this.#parts, owner, id, query);
  }
  tree(owner: string, id: string) {
    return readTree(this.#parts.host, owner, id);
  }
  progress(owner: string, id: string) {
    return readProgress(this.#parts.host, owner, id);
  }
  running(owner: string): RunningJson[] {
    return runningJson(this.#parts.host, owner, this.#parts.link.liveness());
  }
  runningCount(owner: string): number {
    return runningCount(this.#parts.host.sql, owner);
  }
  setStatus(owner: string, id: string, status: MissionStatus) {
    return people.setStatus(this.#parts, owner, id, status);
  }
  cancel(owner: string, id: string) {
    return people.cancel(this.#parts, owner, id);
  }
  cancelMain(owner: string, current: MissionId | null) {
    return people.cancelMain(this.#parts, owner, current);
  }
  resume(owner: string, id: string, clean: boolean, limits: Limits = defaultLimits) {
    return people.resume(this.#parts, owner, id, clean, limits);
  }
  deleteMission(owner: string, id: string) {
    return people.deleteMission(this.#parts, owner, id);
  }
  restoreMission(owner: string, id: string) {
    return people.restoreMission(this.#parts, owner, id);
  }
  cleanup(owner: string) {
    return people.cleanup(this.#parts, owner);
  }

  // Messages, the queue and asks

  message(owner: string, message: NewMessage, limits: Limits = defaultLimits) {
    return people.sendMessage(this.#parts, owner, message, limits);
  }
  startNow(owner: string, message: NewMessage, limits: Limits = defaultLimits) {
    return people.sendNow(this.#parts, owner, message, limits);
  }
  /** Not called `queue`, because an RPC stub has a method of that name. */
  queued(owner: string, mission: string | null = null, after: string | null = null): QueuePage {
    return queuePage(this.#parts.host.sql, owner, mission, after);
  }
  editQueued(owner: string, edit: QueueEdit, limits: Limits = defaultLimits): Reply<null> {
    return this.#parts.transactions.take((host) => editQueued(host, owner, edit, limits));
  }
  removeQueued(owner: string, id: string): Reply<null> {
    return this.#parts.transactions.take((host) => removeQueued(host, owner, id));
  }
  clearQueue(owner: string): number {
    return this.#parts.transactions.run((host) => clearQueue(host, owner)).cleared;
  }
  /** How many missions of this user hold a slot of this server. */
  working(owner: string): number {
    return working(this.#parts.host.sql).get(owner) ?? 0;
  }
  /** What people can answer. */
  asks(owner: string, after: string | null = null): Listed<AskJson> {
    return askPage(this.#parts.host.sql, owner, after);
  }
  answer(owner: string, answer: NewAnswer) {
    return people.answer(this.#parts, owner, answer);
  }

  // The server itself

  /** A call to the host-agent (shared/calls) for somebody: never stored, answered or failed at once. */
  async call(asker: Principal, method: string, args: unknown, limits: Limits = defaultLimits): Promise<Reply<unknown>> {
    const allowed = mayAsk(this.#parts.host.sql, asker, method);
    return allowed.ok ? this.#parts.link.call(method, args, asker.user.id, limits) : allowed;
  }
  /** Whether the server is connected and heard of at this moment. */
  isHeard(): boolean {
    return this.#parts.link.connected.isHeard();
  }
  /** What an owner has of this server now, by quota (shared/quotas). */
  usage(owner: string): Usage {
    return people.usage(this.#parts, owner);
  }
  /** The server's credential was issued: sockets of an older epoch end at once (4003). */
  setCredential(credential: Credential): void {
    people.setCredential(this.#parts, credential);
  }
  provenEpoch(sha256: string) {
    return provenEpoch(this.#parts.host.sql, sha256);
  }
  /** The server was removed: its sockets end, and so does everything that only it could end (protocol §4). */
  async remove(by: Principal): Promise<void> {
    requireScope(by, 'admin');
    this.#parts.link.remove();
    await this.#parts.upkeep.shown();
  }
  /** What is kept here for how long. */
  retention(by: Principal): RetentionJson {
    return people.readRetention(this.#parts, by);
  }
  setRetention(by: Principal, change: RetentionChange): Reply<null> {
    return people.setRetention(this.#parts, by, change);
  }
}
