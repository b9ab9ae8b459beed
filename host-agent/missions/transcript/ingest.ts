import { randomUUID } from 'node:crypto';
import type { Cancel } from '../../../shared/clock.ts';
import type { HostEvent } from '../../../shared/events.ts';
import type { CommandId, MissionId, TurnId } from '../../../shared/ids.ts';
import { checkpointMs, checkpointOfflineMs } from '../../../shared/limits.ts';
import type { HandsEvent } from '../../hands/told.ts';
import type { Durable, OpenCodeEvent, OpenCodeTodo } from '../../opencode/api/events.ts';
import type { OutboxRow } from '../../store/outbox-row.ts';
import { EventRefused, refusalOf } from '../../store/outbox-row.ts';
import { StoreFull } from '../../store/transaction.ts';
import type { MissionContext } from '../context.ts';
import { CallOutputs } from './outputs.ts';
import { clean, rowsOf } from './rows.ts';
import { adoptStore, isSameStore } from './source.ts';
import { type Growth, merge, OpenTexts } from './text.ts';
import { TodoList, todosEvent, wroteTodos } from './todos.ts';
import { type Progress, partOfDelta, progressOf, translate } from './translate.ts';
import {
  calledPart,
  forgetTurn,
  newTranslation,
  openTexts,
  type ShownAtEnd,
  shownAtEnd,
  type Translation,
  type TurnOfPrompt,
} from './translation.ts';

/**
 * Our own mark comes back through OpenCode's stream within milliseconds; after this long the history is read instead.
 */
const fenceMs = 5_000;

/**
 * Brings what OpenCode says of one mission's sessions into the outbox: translate, redact, store with the head in one
 * transaction, then show deltas. When the store is full it stalls, and goes on from what is stored after `replay`.
 */
export class Ingest {
  readonly session: string;
  readonly #context: MissionContext;
  readonly #mission: MissionId;
  readonly #texts: OpenTexts;
  readonly #heads = new Map<string, number>();
  readonly #todos: TodoList;
  readonly #outputs: CallOutputs;
  readonly #fences = new Map<string, (passed: boolean) => void>();
  #state: Translation;
  #source: string;
  #stalled = false;
  #stopWaiting: Cancel | null = null;

  constructor(context: MissionContext, mission: MissionId, session: string) {
    this.session = session;
    this.#context = context;
    this.#mission = mission;
    this.#texts = new OpenTexts(context.redactor);
    this.#state = newTranslation(session);
    this.#source = context.store.heads.source();
    this.#todos = new TodoList(
      () => context.client.todos(session),
      (todos) => this.append(this.#todoRows(todos)),
      (error) => context.log.warn('mission.todos_unread', { mission, error }),
    );
    this.#outputs = new CallOutputs(context, mission, (message, call) => calledPart(this.#state, message, call));
  }

  /** Something that a call of the hands did. */
  heard(event: HandsEvent): void {
    if (!this.#stalled) this.#outputs.heard(event);
  }

  /** Registers a prompt that is or will be sent: OpenCode's messages that answer it belong to this turn. */
  expect(messageID: string, prompt: TurnOfPrompt): void {
    this.#state.prompts.set(messageID, prompt);
  }

  get isStalled(): boolean {
    return this.#stalled;
  }

  get source(): string {
    return this.#source;
  }

  storedSeq(session: string): number {
    const known = this.#heads.get(session);
    if (known !== undefined) return known;
    const seq = this.#context.store.heads.head(session, this.#source)?.seq ?? -1;
    this.#heads.set(session, seq);
    return seq;
  }

  /** The whole history, after a gap or a restart. Throws what the store throws, except StoreFull, which stalls. */
  replay(rows: Durable[]): void {
    const { store } = this.#context;
    const record = store.missions.get(this.#mission);
    if (record && !isSameStore(store, record, rows)) adoptStore(this.#context, record, rows);
    this.#source = store.heads.source();
    this.#heads.clear();
    this.#stalled = false;
    this.#state = newTranslation(this.session, this.#state.prompts);
    this.#apply(rows);
    for (const part of openTexts(this.#state)) this.#texts.open(part, null);
    this.append(this.#texts.miss(true).map((event) => this.row(event)));
    if (wroteTodos(this.#state)) this.#todos.missed();
    this.#outputs.stored([]);
  }

  /** The next events. Throws as `replay`. */
  events(events: readonly OpenCodeEvent[]): void {
    if (!this.#stalled) this.#apply(events);
  }

  /** The stream is gone: whoever waits for a mark waits in vain. */
  lost(): void {
    for (const settle of this.#fences.values()) settle(false);
    this.#fences.clear();
  }

  /** Stores all text that is not stored yet, as when viewers come back. */
  flush(): void {
    if (this.#stalled) return;
    this.#checkpoint(0);
    this.#outputs.again();
  }

  close(): void {
    this.#stopWaiting?.();
    this.lost();
  }

  /**
   * Waits until everything OpenCode has stored so far has come through the stream: writes a mark into the session and
   * waits for its event. False when it does not come. Throws as Client does.
   */
  async fence(): Promise<boolean> {
    await this.#todos.settled();
    const mark = randomUUID();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#fences.set(mark, resolve);
    const cancel = this.#context.clock.after(fenceMs, () => resolve(false));
    try {
      await this.#context.client.setMetadata(this.session, { mission: this.#mission, fence: mark });
      return await promise;
    } finally {
      cancel();
      this.#fences.delete(mark);
    }
  }

  progress(messageID: string, command: CommandId): Progress {
    return progressOf(this.#state, messageID, command);
  }

  result(turn: TurnId): ShownAtEnd {
    return shownAtEnd(this.#state, turn);
  }

  /** Ends of the texts a turn leaves open. */
  closeTexts(turn: TurnId): OutboxRow[] {
    return openTexts(this.#state, turn).flatMap((part) =>
      this.#texts.close(part, null).map((event) => this.row(event)),
    );
  }

  /** The call that an ask of OpenCode names, once its row is stored; null before, and for one of no turn of ours. */
  callOf(messageID: string, callID: string): { part: string; turn: TurnId; parent: string | undefined } | null {
    const view = calledPart(this.#state, messageID, callID);
    if (!view) return null;
    const { turn, session } = view.assistant;
    return { part: view.id, turn, parent: this.#state.sessions.get(session)?.call };
  }

  forget(turn: TurnId): void {
    forgetTurn(this.#state, turn);
    this.#outputs.clear();
  }

  /** A row of this mission that stems from no event of OpenCode. */
  row(event: HostEvent): OutboxRow {
    const { clock, redactor } = this.#context;
    return { at: clock.now(), mission: this.#mission, event: clean(event, redactor()) };
  }

  /**
   * Stores rows of this mission with what `alongside` writes. False when there is no room: then this is stalled. A row
   * the log would refuse is left out: one mistake of ours must not hold up what comes behind it.
   */
  append(rows: OutboxRow[], alongside?: () => void): boolean {
    if (rows.length === 0 && !alongside) return true;
    try {
      this.#context.store.outbox.append(rows, alongside);
      return true;
    } catch (error) {
      if (error instanceof EventRefused) return this.append(this.#accepted(rows), alongside);
      if (!(error instanceof StoreFull)) throw error;
      this.#context.log.warn('mission.stalled', { mission: this.#mission, error });
      this.#stalled = true;
      this.#texts.miss(false);
      return false;
    }
  }

  #accepted(rows: readonly OutboxRow[]): OutboxRow[] {
    return rows.filter(({ event }) => {
      const refusal = refusalOf(event);
      if (refusal !== null)
        this.#context.log.error('mission.event_refused', { mission: this.#mission, error: refusal });
      return refusal === null;
    });
  }

  #apply(events: readonly OpenCodeEvent[]): void {
    const rows: OutboxRow[] = [];
    const heads = new Map<string, Durable>();
    const growths = new Map<string, Growth>();
    const passed: string[] = [];
    for (const event of events) {
      if (event.kind === 'durable') {
        rows.push(...this.#durable(event, growths));
        if (event.seq > this.storedSeq(event.session)) heads.set(event.session, event);
        const mark = event.fact.kind === 'session' ? event.fact.session.metadata?.fence : undefined;
        if (typeof mark === 'string') passed.push(mark);
      } else if (event.kind === 'delta') {
        const part = partOfDelta(this.#state, event.part);
        const growth = part === null ? null : this.#texts.grow(part, event.text, this.#context.clock.steadyMs());
        if (growth) merge(growths, growth);
      } else if (event.kind === 'todos' && event.session === this.session) {
        rows.push(...this.#todoRows(event.todos));
      }
    }
    rows.push(...this.#checkpointRows(this.#waitMs()));
    // If no event became a row, the position is not stored: read again, the same events again add nothing.
    if (rows.length > 0 && !this.append(rows, () => this.#advance(heads, rows))) return;
    if (rows.length > 0) for (const [session, { seq }] of heads) this.#heads.set(session, seq);
    for (const growth of growths.values()) this.#context.delta({ mission: this.#mission, ...growth });
    if (rows.length > 0) this.#outputs.stored(rows);
    for (const mark of passed) this.#fences.get(mark)?.(true);
    this.#schedule();
  }

  #durable(row: Durable, growths: Map<string, Growth>): OutboxRow[] {
    const made = translate(this.#state, row);
    if (row.seq <= this.storedSeq(row.session)) {
      for (const each of made) if (each.kind === 'close') this.#texts.close(each.part, null);
      return [];
    }
    for (const each of made) if (each.kind === 'close') growths.delete(each.part);
    const { clock, redactor } = this.#context;
    const mission = this.#mission;
    const at = clock.now();
    return rowsOf(row, made, { mission, source: this.#source, at, redactor: redactor(), texts: this.#texts });
  }

  /** Rows for a new to-do list. Lists of sub-agents are not shown, nor one that comes after its turn has ended. */
  #todoRows(todos: OpenCodeTodo[]): OutboxRow[] {
    const turn = this.#state.sessions.get(this.session)?.turn;
    if (!turn || !this.#todos.isNew(todos)) return [];
    return [this.row(todosEvent(turn, todos, this.#context.redactor()))];
  }

  #advance(heads: ReadonlyMap<string, Durable>, rows: readonly OutboxRow[]): void {
    const { store, clock } = this.#context;
    for (const [session, { seq, id }] of heads) store.heads.advance(this.#source, session, seq, id);
    for (const { event } of rows) if (event.type === 'turn.accepted') store.turns.accepted(event.turn, clock.now());
  }

  #waitMs(): number {
    return this.#context.linkIsUp() ? checkpointMs : checkpointOfflineMs;
  }

  #checkpointRows(waitMs: number): OutboxRow[] {
    return this.#texts.checkpoints(this.#context.clock.steadyMs(), waitMs).map((event) => this.row(event));
  }

  #checkpoint(waitMs: number): void {
    this.#stopWaiting?.();
    this.#stopWaiting = null;
    this.append(this.#checkpointRows(waitMs));
    this.#schedule();
  }

  /** One timer for all texts of the mission, set for the one that waits longest. */
  #schedule(): void {
    const due = this.#stalled ? null : this.#texts.nextDueMs(this.#waitMs());
    if (due === null || this.#stopWaiting) return;
    const waitMs = Math.max(1, due - this.#context.clock.steadyMs());
    this.#stopWaiting = this.#context.clock.after(waitMs, () => this.#checkpointDue());
  }

  /** A failure other than a full store must not end the process: what was not stored comes when its part ends. */
  #checkpointDue(): void {
    try {
      this.#checkpoint(this.#waitMs());
    } catch (error) {
      this.#texts.miss(false);
      this.#context.log.error('mission.checkpoint_failed', { mission: this.#mission, error });
    }
  }
}
