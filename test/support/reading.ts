// What one stream has shown over all its connections, read as a client of ours would: rows by seq, texts by part.
import * as z from 'zod';
import { nothingYet, parseCursor } from '../../shared/cursor.ts';
import { type LogEvent, logEvent } from '../../shared/events.ts';
import type { StreamEvent } from './sse-reader.ts';

export interface Row {
  seq: number;
  mission: string | null;
  sequence: number | null;
  event: LogEvent;
  /** The text of the message that a row places. */
  content?: string | undefined;
}

/** Events of a delta stream that are no rows of the log. */
const notRows = new Set(['', 'status', 'snapshot', 'delta', 'output', 'reset', 'partial', 'error']);

/** Events of a default stream that belong to no row when they have no position. */
const notOfRows = new Set([
  '',
  'status',
  'thinking',
  'agent_phase',
  'agent_tree',
  'progress',
  'delta',
  'output',
  'partial',
]);

const rowHead = z.looseObject({
  seq: z.number().int(),
  mission_id: z.string().nullable(),
  sequence: z.number().int().nullable(),
  content: z.string().optional(),
});
const snapshot = z.looseObject({ parts: z.array(z.looseObject({ part: z.string(), text: z.string() })) });
const output = z.looseObject({ tool_call_id: z.string(), off: z.number(), text: z.string() });
const delta = z.looseObject({ part: z.string(), off: z.number(), text: z.string() });

/** A client's memory: it fills by `take`, and notes in `wrong` and `doubled` what no client may ever see. */
export class Reading {
  readonly rendering: 'default' | 'delta';
  /** Durable events in order of arrival, by the seq of their position. */
  readonly shown: { seq: number; event: StreamEvent }[] = [];
  /** The same with the events that came before it for the same row, which have no position of their own. */
  readonly told: { seq: number; event: StreamEvent }[] = [];
  readonly rows = new Map<number, Row>();
  readonly wrong: string[] = [];
  readonly doubled: string[] = [];
  /** Every mission that anything was told of, by any event. */
  readonly missions = new Set<string>();
  /** The newest position, to resume from. */
  position: string | null = null;
  /** From which seq on everything has to be here; null before the first position. */
  joinedAt: number | null = null;
  seq = 0;
  /** Something was told: the stream has begun, also where no server has anything of its user, and so no position. */
  isTold = false;
  snapshots = 0;
  /** How often it had to forget everything, because its position was gone. */
  resets = 0;
  #untold: StreamEvent[] = [];
  readonly #texts = new Map<string, string>();

  constructor(rendering: 'default' | 'delta') {
    this.rendering = rendering;
  }

  /** A new connection goes on behind the last position: of a row that was cut, everything comes again. */
  joins(): void {
    this.#untold = [];
  }

  take(event: StreamEvent): void {
    this.isTold = true;
    if (typeof event.data.mission_id === 'string') this.missions.add(event.data.mission_id);
    const isGivenUp = event.name === 'error' && event.data.message === 'Stream connection failed';
    if (event.name === 'reset' || isGivenUp) {
      this.#forget(event.name === 'reset' ? 'a reset' : 'given up');
      return;
    }
    if (event.id === null && !notOfRows.has(event.name)) this.#untold.push(event);
    if (event.id !== null) this.#move(event.id, event);
    if (this.rendering === 'default') return;
    if (event.name === 'snapshot') {
      this.snapshots += 1;
      for (const { part, text } of snapshot.parse(event.data).parts) this.#see(part, text);
    }
    if (event.name === 'delta') this.#grow(delta.parse(event.data));
    if (event.name === 'output') this.#print(output.parse(event.data));
    if (!notRows.has(event.name)) this.#row(event);
  }

  /** A call prints while it runs: behind its row and before its result. */
  #print({ tool_call_id: call }: z.infer<typeof output>): void {
    for (const { event } of this.rows.values())
      if (event.type === 'tool.result' && event.tool_call_id === call)
        this.wrong.push(`output of ${call} after its result`);
  }

  #forget(why: string): void {
    this.wrong.push(`${why}, although its position was valid`);
    this.resets += 1;
    this.shown.length = 0;
    this.told.length = 0;
    this.rows.clear();
    this.#texts.clear();
    this.#untold = [];
    this.position = null;
    this.joinedAt = null;
    this.seq = 0;
  }

  /** What is known of a text that has not ended. */
  openText(part: string): string {
    return this.#texts.get(part) ?? '';
  }

  #move(id: string, event: StreamEvent): void {
    if (id === nothingYet) {
      this.joinedAt ??= 0;
      this.position = id;
      return;
    }
    const cursor = parseCursor(id);
    const before = this.position === null ? null : parseCursor(this.position);
    if (!cursor) throw new Error(`not a position: ${id}`);
    const isRow = event.name !== '' && event.name !== 'snapshot';
    // The apps, which send no position, are told of no reset: they load everything anew whenever they come back.
    const isAnother = before !== null && (before.log !== cursor.log || (!isRow && cursor.seq < this.seq));
    if (isAnother) {
      this.#forget(`another log, at ${id}`);
      this.#move(id, event);
      return;
    }
    if (isRow && cursor.seq <= this.seq && before) this.doubled.push(`${event.name} at seq ${cursor.seq}`);
    if (isRow) {
      this.shown.push({ seq: cursor.seq, event });
      for (const each of [...this.#untold, event]) this.told.push({ seq: cursor.seq, event: each });
    }
    this.#untold = [];
    this.joinedAt ??= isRow ? cursor.seq - 1 : cursor.seq;
    this.position = id;
    this.seq = cursor.seq;
  }

  #row({ data }: StreamEvent): void {
    const { seq, mission_id: mission, sequence, content } = rowHead.parse(data);
    const event = logEvent.parse(data);
    const isPlace = event.type === 'turn.started' || event.type === 'message.placed';
    this.rows.set(seq, { seq, mission, sequence, event, ...(isPlace ? { content } : {}) });
    if (event.type === 'part.opened') this.#texts.set(event.part, '');
    if (event.type === 'part.checkpoint') {
      if (event.replace) this.#texts.set(event.part, (this.#texts.get(event.part) ?? '').slice(0, event.off));
      this.#grow(event);
    }
    if (event.type === 'part.closed') this.#close(event.part, event.text, event.incomplete === true);
  }

  /** Text that continues what is here is taken, text behind a hole is not; what is told twice must be the same. */
  #grow({ part, off, text }: z.infer<typeof delta>): void {
    const known = this.#texts.get(part);
    if (known === undefined || off > known.length) return;
    // By far the most: nothing is cut out of a long text, which would be made anew for every token.
    if (off === known.length) {
      this.#texts.set(part, known + text);
      return;
    }
    const told = known.slice(off, off + text.length);
    if (!text.startsWith(told)) this.wrong.push(`${part}: "${text}" at ${off}, where "${told}" was`);
    this.#texts.set(part, known + text.slice(told.length));
  }

  /** The whole text of an open part; an object that started anew may know less of it than we do. */
  #see(part: string, text: string): void {
    const known = this.#texts.get(part) ?? '';
    if (!text.startsWith(known) && !known.startsWith(text))
      this.wrong.push(`${part}: snapshot "${text}", where "${known}" was`);
    if (text.length >= known.length) this.#texts.set(part, text);
  }

  /**
   * What was seen in the making is the beginning of the whole, or of a part that nobody lived to end, the other way
   * round.
   */
  #close(part: string, text: string, isIncomplete: boolean): void {
    const known = this.#texts.get(part) ?? '';
    if (!text.startsWith(known) && !(isIncomplete && known.startsWith(text)))
      this.wrong.push(`${part}: ends as "${text}", where "${known}" was seen`);
    this.#texts.delete(part);
  }
}
