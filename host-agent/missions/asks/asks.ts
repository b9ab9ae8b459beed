import { wait } from '../../../shared/clock.ts';
import type { AskOutcome, HostEvent } from '../../../shared/events.ts';
import type { OpenCodePermission, OpenCodeQuestion } from '../../opencode/api/client.ts';
import type { OpenCodeEvent } from '../../opencode/api/events.ts';
import { OpenCodeAway } from '../../opencode/api/failure.ts';
import type { Log } from '../../process/log.ts';
import { trouble } from '../../process/trouble.ts';
import type { AskRecord } from '../../store/asks.ts';
import type { TurnRecord } from '../../store/turns.ts';
import type { MissionContext } from '../context.ts';
import type { Ingest } from '../transcript/ingest.ts';
import { unlessAnswered } from './reject.ts';

type Asked = Extract<HostEvent, { type: 'request.asked' }>;
type Ended = Extract<HostEvent, { type: 'request.ended' }>;
type Pending = ({ kind: 'question' } & OpenCodeQuestion) | ({ kind: 'permission' } & OpenCodePermission);

/**
 * What the agent of one turn, or a sub-agent of it, waits for people for. OpenCode keeps no history of it: its lists
 * are the truth, and whatever is heard is only a reason to read them (protocol §4). What is listed and not in our store
 * is asked, once; what is open in our store and not listed has ended.
 */
export class Asks {
  readonly #context: MissionContext;
  readonly #ingest: Ingest;
  readonly #turn: TurnRecord;
  readonly #log: Log;
  readonly #isStopping: () => boolean;
  readonly #changed: () => void;
  /** What OpenCode said of the ends of asks. */
  readonly #told = new Map<string, Pick<Ended, 'outcome' | 'answer'>>();
  #open: number;
  /** Some are listed whose tool call is not in the log yet. */
  #isHolding = false;
  #isReading = false;
  #mustReadAgain = false;
  #isOver = false;

  /**
   * `changed` is called when the turn begins to wait for people, and when it stops waiting. While `isStopping` returns
   * true, no permission is granted automatically any more.
   */
  constructor(
    { context, ingest, turn, log }: { context: MissionContext; ingest: Ingest; turn: TurnRecord; log: Log },
    isStopping: () => boolean,
    changed: () => void,
  ) {
    this.#context = context;
    this.#ingest = ingest;
    this.#turn = turn;
    this.#log = log;
    this.#isStopping = isStopping;
    this.#changed = changed;
    this.#open = context.store.asks.openOf(turn.turn).length;
  }

  get isOpen(): boolean {
    return this.#open > 0;
  }

  heard(events: readonly OpenCodeEvent[]): void {
    for (const event of events) {
      if (event.kind === 'replied') this.#told.set(event.request, { outcome: event.outcome, answer: event.answer });
      const isReason = event.kind === 'asked' || event.kind === 'replied' || (this.#isHolding && isToolPart(event));
      if (isReason) this.look();
    }
  }

  /** Reads the lists. Never throws. */
  look(): void {
    this.#mustReadAgain = true;
    if (!this.#isReading) void this.#readOn();
  }

  /** Ends of what is still open, for the rows before the turn's end; `store` is to be called alongside them. */
  ends(outcome: AskOutcome): { events: Ended[]; store: () => void } {
    this.#isOver = true;
    const { store } = this.#context;
    const events = store.asks
      .openOf(this.#turn.turn)
      .map(({ request }): Ended => ({ type: 'request.ended', request, outcome, ...this.#told.get(request) }));
    return { events, store: () => this.#store(events) };
  }

  async #readOn(): Promise<void> {
    this.#isReading = true;
    const reading = trouble(this.#log, 'turn.requests_not_read');
    while (this.#mustReadAgain && !this.#isOver) {
      this.#mustReadAgain = false;
      try {
        await this.#read();
        reading.over();
      } catch (error) {
        // `ready` looks again when OpenCode is back.
        if (error instanceof OpenCodeAway && this.#context.following.process() === null) break;
        this.#mustReadAgain = true;
        await wait(this.#context.clock, reading.failed(error, 'warn'), undefined, { keepsAlive: false });
      }
    }
    this.#isReading = false;
  }

  async #read(): Promise<void> {
    const { client, store, following, permissive } = this.#context;
    const { directory, turn } = this.#turn;
    const { session } = this.#ingest;
    const process = following.process();
    if (process === null || !this.#canStore()) return;
    // Read before the lists are fetched: something that was opened meanwhile may be missing from them without having
    // ended.
    const known = store.asks.openOf(turn);
    const [permissions, questions] = await Promise.all([client.permissions(directory), client.questions(directory)]);
    const members = new Set(following.members(session));
    const listed = [
      ...permissions.map((each): Pending => ({ kind: 'permission', ...each })),
      ...questions.map((each): Pending => ({ kind: 'question', ...each })),
    ].filter(({ sessionID }) => members.has(sessionID));
    if (permissive && !this.#isStopping()) await this.#allow(listed.filter(({ kind }) => kind === 'permission'));
    if (this.#isOver || !this.#canStore() || following.process() !== process) return;

    const ids = new Set(listed.map(({ id }) => id));
    const ends = known.flatMap((each) => (ids.has(each.request) ? [] : this.#endOf(each, process)));
    const fresh = listed
      .filter(({ id, kind }) => !(permissive && kind === 'permission') && !this.#told.has(id) && !store.asks.get(id))
      .map((each) => this.#asked(each));
    this.#isHolding = fresh.includes(null);
    const asked = fresh.filter((each) => each !== null);
    if (ends.length + asked.length > 0) this.#append(ends, asked, process);
    this.#count();
  }

  #canStore(): boolean {
    return !this.#ingest.isStalled && this.#context.following.isReady(this.#ingest.session);
  }

  async #allow(permissions: readonly Pending[]): Promise<void> {
    const { client } = this.#context;
    const { directory } = this.#turn;
    for (const { id } of permissions) await unlessAnswered(() => client.replyPermission(directory, id, 'once'));
  }

  /**
   * How an ask ended that OpenCode lists no more; nothing while an answer is on its way, which has a verdict of its
   * own.
   */
  #endOf({ request }: AskRecord, now: string): Ended | [] {
    // It may have got its end, or an answer, while the lists were read.
    const { asks, inbox } = this.#context.store;
    const record = asks.get(request);
    if (record?.outcome !== null || (record.attempt !== null && inbox.isOpen(record.attempt))) return [];
    const told = this.#told.get(request);
    if (told) return { type: 'request.ended', request, ...told };
    const isApplied = record.attempt !== null && record.process === now;
    return { type: 'request.ended', request, outcome: isApplied ? 'answered' : 'expired' };
  }

  /** Null while its tool call is not known: an ask is held until then (protocol §4). */
  #asked(pending: Pending): Asked | null {
    const { id: request, kind, tool } = pending;
    const call = tool ? this.#ingest.callOf(tool.messageID, tool.callID) : null;
    if (tool && call?.turn !== this.#turn.turn) return null;
    const parent = call?.parent === undefined ? {} : { parent_call: call.parent };
    const { turn } = this.#turn;
    return {
      type: 'request.asked',
      request,
      turn,
      kind,
      tool_call_id: call?.part ?? null,
      ...parent,
      body: bodyOf(pending),
    };
  }

  #append(ends: readonly Ended[], asked: readonly Asked[], process: string): void {
    const { store } = this.#context;
    const { mission, directory, turn } = this.#turn;
    this.#ingest.append(
      [...ends, ...asked].map((event) => this.#ingest.row(event)),
      () => {
        this.#store(ends);
        for (const { request, kind } of asked)
          store.asks.asked({ request, mission, turn, directory, process, kind, outcome: null, attempt: null });
      },
    );
  }

  /**
   * Counts the open questions and permissions, and reports a change. Answers are stored elsewhere
   * (commands/answers.ts).
   */
  #count(): void {
    const wasOpen = this.isOpen;
    this.#open = this.#context.store.asks.openOf(this.#turn.turn).length;
    if (this.isOpen !== wasOpen) this.#changed();
  }

  #store(ends: readonly Ended[]): void {
    for (const { request, outcome } of ends) this.#context.store.asks.ended(request, outcome);
  }
}

const bodyOf = (pending: Pending): object => {
  if (pending.kind === 'question') return { questions: pending.questions };
  const { permission, patterns, always, metadata } = pending;
  return { permission, patterns, always, metadata };
};

const isToolPart = (event: OpenCodeEvent): boolean =>
  event.kind === 'durable' && event.fact.kind === 'part' && event.fact.part.type === 'tool';
