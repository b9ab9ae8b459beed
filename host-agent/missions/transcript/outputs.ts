import type { MissionId } from '../../../shared/ids.ts';
import { outputTailChars } from '../../../shared/limits.ts';
import { endOf } from '../../../shared/text.ts';
import type { HandsEvent } from '../../hands/told.ts';
import type { OutboxRow } from '../../store/outbox-row.ts';
import type { MissionContext } from '../context.ts';

/** A call that the hands run. */
interface Printing {
  owner: string;
  message: string;
  call: string;
  /** The end of what it has printed, and how much was before that. */
  off: number;
  text: string;
  /** Its part, once the row that it was called is stored. */
  part: string | null;
}

/** The part of a call that OpenCode has told of. */
type PartOf = (message: string, call: string) => { id: string; done: boolean } | null;

/** Calls of a mission that print before OpenCode has told of them, or of no turn of ours: the newest. */
const maxCalls = 64;

/**
 * What calls of one mission print, on its way to viewers: from the hands, which know a call by OpenCode's message and
 * the provider's id, to the id that viewers know (protocol §3 "Live output"). Memory only.
 */
export class CallOutputs {
  readonly #context: Pick<MissionContext, 'output' | 'outputEnded'>;
  readonly #mission: MissionId;
  readonly #partOf: PartOf;
  readonly #printing = new Map<string, Printing>();

  constructor(context: Pick<MissionContext, 'output' | 'outputEnded'>, mission: MissionId, partOf: PartOf) {
    this.#context = context;
    this.#mission = mission;
    this.#partOf = partOf;
  }

  heard(event: HandsEvent): void {
    if (event.type !== 'output' || event.off === undefined) return;
    const { owner, message, call, off, text } = event;
    const key = JSON.stringify([message, call]);
    const known = this.#printing.get(key);
    const printing = known ?? { owner, message, call, off, text: '', part: null };
    const isNext = printing.off + printing.text.length === off;
    printing.text = endOf(isNext ? printing.text + text : text, outputTailChars);
    printing.off = off + text.length - printing.text.length;
    this.#printing.set(key, printing);
    if (printing.part === null) this.#find(key, printing, []);
    else this.#send({ ...printing, off, text });
    for (const oldest of [...this.#printing.keys()].slice(0, -maxCalls)) this.#printing.delete(oldest);
  }

  /** Rows were stored, or read again, which may be those of calls and of their results. */
  stored(rows: readonly OutboxRow[]): void {
    const results = rows.flatMap(({ event }) => (event.type === 'tool.result' ? event.tool_call_id : []));
    for (const [key, printing] of this.#printing) {
      if (printing.part === null) this.#find(key, printing, results);
      if (printing.part !== null && results.includes(printing.part)) this.#printing.delete(key);
    }
    for (const part of results) this.#context.outputEnded(part);
  }

  /** Viewers may have missed something: the end of what each call has printed is sent again. */
  again(): void {
    for (const printing of this.#printing.values()) this.#send(printing);
  }

  /** A turn has ended, and a mission has one at a time. */
  clear(): void {
    this.#printing.clear();
  }

  #find(key: string, printing: Printing, justEnded: readonly string[]): void {
    const found = this.#partOf(printing.message, printing.call);
    if (found === null) return;
    // What is heard of it after its result is in the result.
    if (found.done && !justEnded.includes(found.id)) {
      this.#printing.delete(key);
      return;
    }
    printing.part = found.id;
    this.#send(printing);
  }

  #send({ part, off, text, owner }: Printing): void {
    if (part !== null) this.#context.output({ mission: this.#mission, call: part, off, text }, owner);
  }
}
