/**
 * The `Host` object: one per server, one ordered log (architecture §2). This class only receives, steps and passes on: every
 * rule is a function beside it. A step is: one transaction → show to viewers → project, dispatch.
 */
import { DurableObject } from 'cloudflare:workers';
import type {
  AgentTreeNode,
  MissionJson,
  ProgressJson,
  QueuedJson,
  RequestJson,
  RunningJson,
} from '../../shared/api.ts';
import type { MissionStatus } from '../../shared/events.ts';
import { commandId, type MissionId } from '../../shared/ids.ts';
import { rendering } from '../../shared/viewer.ts';
import { isUser } from '../auth/mode.ts';
import type { Env } from '../env.ts';
import * as requests from './actions/changes.ts';
import * as queue from './actions/queue.ts';
import { takeAnswer } from './actions/take-answer.ts';
import { requestsOf } from './asks/asks.ts';
import { close } from './close-socket.ts';
import { HostLink } from './link/link.ts';
import { HostSocket, linkTag } from './link/socket.ts';
import { Log } from './log/log.ts';
import { queueJson, runningJson } from './missions/activity.ts';
import { history, missionJson, ownMission } from './missions/missions.ts';
import { slotsOf, working } from './missions/slots.ts';
import { getTodos, progressOf } from './missions/todos.ts';
import { missionTree } from './missions/tree.ts';
import {
  type EventsPage,
  type EventsQuery,
  type NewAnswer,
  type NewMessage,
  type NewMission,
  type Reply,
  refuse,
  reply,
} from './replies.ts';
import { migrate } from './tables.ts';
import { Steps } from './transaction.ts';
import { Viewers } from './viewers/viewers.ts';
import { eventsPage } from './views/pages.ts';

const viewerTag = 'viewer';

export class Host extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  readonly #log: Log;
  readonly #viewers: Viewers;
  readonly #steps: Steps;
  readonly #link: HostLink;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    ctx.storage.transactionSync(() => migrate(this.#sql));
    this.#log = new Log(this.#sql, () => crypto.randomUUID());
    this.#viewers = new Viewers(this.#sql, this.#log, () => ctx.getWebSockets(viewerTag));
    const socket = new HostSocket(ctx);
    this.#steps = new Steps(ctx, env, this.#log, this.#viewers, (frame) => socket.send(frame));
    this.#link = new HostLink(ctx, env, this.#log, this.#steps, socket);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  /** `/link`: the host's socket, epoch checked by the Worker. `/viewer`: a stream's socket, for one owner. */
  override fetch(request: Request): Response {
    const url = new URL(request.url);
    if (request.headers.get('Upgrade') !== 'websocket') return new Response('expected a WebSocket', { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    if (url.pathname === '/link') {
      this.#link.accept(server, Number(request.headers.get('x-openagent-epoch')));
    } else {
      const owner = url.searchParams.get('owner') ?? '';
      // Checked again in the object: a stream that dials again may come from a Worker that still has the old list of
      // users.
      if (!isUser(this.env, owner)) return new Response('Invalid user', { status: 403 });
      this.ctx.acceptWebSocket(server, [viewerTag]);
      const viewer = {
        owner,
        rendering: rendering.parse(url.searchParams.get('rendering')),
        mission: url.searchParams.get('mission'),
      };
      this.#viewers.join(server, viewer, url.searchParams.get('cursor'));
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.ctx.getTags(socket).includes(viewerTag)) {
      if (message === 'more') this.#viewers.more(socket);
      return;
    }
    await this.#link.message(socket, message);
  }

  /** Answers the close handshake, without which the other end waits for its own time-out. */
  override webSocketClose(socket: WebSocket, _code: number, reason: string): void {
    close(socket, 1000, reason);
    if (this.ctx.getTags(socket).includes(linkTag)) this.#link.closed(socket);
  }

  override webSocketError(socket: WebSocket, cause: unknown): void {
    if (this.ctx.getTags(socket).includes(linkTag)) this.#link.closed(socket);
    console.log(JSON.stringify({ level: 'info', event: 'socket.error', cause: String(cause) }));
  }

  override async alarm(): Promise<void> {
    await this.#steps.settle();
    await this.#link.dispatch();
  }

  async createMission(mission: NewMission): Promise<Reply<MissionJson>> {
    const created = this.#steps.take(() => requests.createMission(this.#sql, this.#log, mission, Date.now()));
    if (!created.ok) return created;
    await this.#steps.projected();
    return this.mission(mission.owner, mission.id);
  }

  mission(owner: string, id: string): Reply<MissionJson> {
    const mission = ownMission(this.#sql, owner, id);
    if (!mission) return refuse('not_found', `Mission ${id} not found`);
    return reply(missionJson(mission, history(this.#sql, this.#log, id)));
  }

  async message(owner: string, message: NewMessage): Promise<Reply<{ queued: boolean }>> {
    const taken = this.#steps.take(() =>
      requests.takeMessage(this.#sql, this.#log, owner, message, this.#link.isUp(), Date.now()),
    );
    await this.#link.dispatch();
    return taken;
  }

  events(owner: string, id: string, query: EventsQuery): Reply<EventsPage> {
    if (!ownMission(this.#sql, owner, id)) return refuse('not_found', 'Mission not found');
    return reply(eventsPage(this.#sql, this.#log, id, query));
  }

  tree(owner: string, id: string): Reply<AgentTreeNode | null> {
    if (!ownMission(this.#sql, owner, id)) return refuse('not_found', `Mission ${id} not found`);
    return reply(missionTree(this.#sql, id));
  }

  progress(owner: string, id: string): Reply<ProgressJson> {
    if (!ownMission(this.#sql, owner, id)) return refuse('not_found', `Mission ${id} not found`);
    return reply(progressOf(getTodos(this.#sql, id)));
  }

  async setStatus(owner: string, id: string, status: MissionStatus): Promise<Reply<null>> {
    const set = this.#steps.take(() => requests.setStatus(this.#sql, this.#log, owner, id, status, Date.now()));
    await this.#steps.projected();
    return set;
  }

  cancel(owner: string, id: string): Reply<null> {
    const away = this.#link.isAway();
    const cancelled = this.#steps.take(() => requests.cancelMission(this.#sql, this.#log, owner, id, away, Date.now()));
    if (!cancelled.ok) return cancelled;
    if (cancelled.value) this.#link.interrupt(cancelled.value.mission, cancelled.value.command);
    return reply(null);
  }

  cancelMain(owner: string, current: MissionId | null): Reply<null> {
    const main = requests.mainMission(this.#sql, owner, current);
    if (main !== null) return this.cancel(owner, main);
    this.tell(owner, 'No running task to cancel');
    return reply(null);
  }

  async resume(owner: string, id: string, clean: boolean): Promise<Reply<MissionJson>> {
    const command = commandId.parse(crypto.randomUUID());
    const up = this.#link.isUp();
    const resumed = this.#steps.take(() =>
      requests.resumeMission(this.#sql, this.#log, owner, id, command, clean, up, Date.now()),
    );
    if (!resumed.ok) return resumed;
    await this.#steps.projected();
    await this.#link.dispatch();
    return this.mission(owner, id);
  }

  async deleteMission(owner: string, id: string): Promise<Reply<null>> {
    const deleted = this.#steps.take(() => requests.deleteMission(this.#sql, this.#log, owner, id, Date.now()));
    await this.#steps.projected();
    return deleted;
  }

  /** Deletes missions that were opened and never used; returns their ids. */
  async cleanup(owner: string): Promise<string[]> {
    const unused = requests.unusedMissions(this.#sql, this.#log, owner);
    for (const id of unused)
      this.#steps.take(() => requests.deleteMission(this.#sql, this.#log, owner, id, Date.now()));
    await this.#steps.projected();
    return unused;
  }

  /** Not called `queue`, because an RPC stub has a method of that name. */
  queued(owner: string, mission: string | null = null): QueuedJson[] {
    return queueJson(this.#sql, owner, mission);
  }

  editQueued(owner: string, edit: { id: string; content: string; was: string | null }): Reply<null> {
    return this.#steps.take(() => queue.editQueued(this.#sql, this.#log, owner, edit, Date.now()));
  }

  removeQueued(owner: string, id: string): Reply<null> {
    return this.#steps.take(() => queue.removeQueued(this.#sql, this.#log, owner, id, Date.now()));
  }

  clearQueue(owner: string): number {
    return this.#steps.run(() => queue.clearQueue(this.#sql, this.#log, owner, Date.now())).cleared;
  }

  /** A message that is taken only if its mission can begin with it at once. */
  async startNow(owner: string, message: NewMessage): Promise<Reply<null>> {
    const up = this.#link.isUp();
    const taken = this.#steps.take(() => queue.startNow(this.#sql, this.#log, owner, message, up, Date.now()));
    await this.#link.dispatch();
    return taken;
  }

  /** How many missions this server works on at once, and how many of this user hold one of these slots. */
  slots(owner: string): { slots: number; working: number } {
    return { slots: slotsOf(this.#sql), working: working(this.#sql).get(owner) ?? 0 };
  }

  running(owner: string): RunningJson[] {
    return runningJson(this.#sql, owner, this.#link.activity(), Date.now());
  }

  /** What people can answer. */
  asked(owner: string): RequestJson[] {
    return requestsOf(this.#sql, owner);
  }

  /** The first answer to a request wins; `conflict` says who that was. */
  answer(owner: string, answer: NewAnswer): Reply<null> {
    const taken = this.#steps.take(() => takeAnswer(this.#sql, owner, answer, Date.now()));
    if (!taken.ok) return taken;
    if (taken.value) this.#link.answer(taken.value);
    return reply(null);
  }

  /** A question to the host-agent (shared/calls): never stored, answered or failed at once. */
  call(method: string, args: unknown): Promise<Reply<unknown>> {
    return this.#link.call(method, args);
  }

  isConnected(): boolean {
    return this.#link.isUp();
  }

  /** The credential was issued again: sockets of an older epoch end at once (4003). */
  fence(epoch: number): void {
    this.#link.fence(epoch);
  }

  /** The server was removed: its sockets end, and so does everything that only it could end (protocol §4). */
  async remove(): Promise<void> {
    this.#link.remove();
    await this.#steps.projected();
  }

  /** An error for a user rather than a mission, shown on all of the user's streams. */
  tell(owner: string, text: string): void {
    this.#viewers.show({ recorded: [], deltas: [], touched: [], error: { owner, text } });
  }
}
