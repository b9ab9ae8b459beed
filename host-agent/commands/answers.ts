import { wait } from '../../shared/clock.ts';
import type { AnswerCommand } from '../../shared/commands.ts';
import type { AskOutcome, HostEvent } from '../../shared/events.ts';
import type { CommandId, MissionId } from '../../shared/ids.ts';
import type { MissionContext } from '../missions/context.ts';
import { speakable } from '../missions/transcript/error-text.ts';
import { clean } from '../missions/transcript/rows.ts';
import { OpenCodeAway, OpenCodeRefused } from '../opencode/api/failure.ts';
import { trouble } from '../process/trouble.ts';
import { StoreFull } from '../store/transaction.ts';

type Finished = Extract<HostEvent, { type: 'command.finished' }>;

const overText = 'This was over before the answer came.';
const unknownText = 'The server does not know this request (any more).';

/**
 * Brings people's answers to OpenCode, each once (protocol §4 "Answers"). The attempt is stored before the reply is
 * sent, so that a later 404 of the same OpenCode process can be told: the reply had arrived. Answers wait for no turn.
 */
export class Answers {
  readonly #context: MissionContext;
  readonly #applied: (mission: MissionId) => void;
  readonly #busy = new Set<CommandId>();
  #isClosed = false;

  /** `applied` is called when the agent of a mission has its answer, or will never get it. */
  constructor(context: MissionContext, applied: (mission: MissionId) => void) {
    this.#context = context;
    this.#applied = applied;
  }

  /** Sees to it that the answer gets its end; giving it again changes nothing. */
  give(command: AnswerCommand): void {
    if (this.#busy.has(command.id)) return;
    this.#busy.add(command.id);
    void this.#bring(command).finally(() => this.#busy.delete(command.id));
  }

  close(): void {
    this.#isClosed = true;
  }

  async #bring(command: AnswerCommand): Promise<void> {
    const { store, following, clock, log } = this.#context;
    const bringing = trouble(log.with({ mission: command.mission, command: command.id }), 'answer.failed');
    // One that the edge does not wait for any more is dropped from the inbox.
    while (!this.#isClosed && store.inbox.isOpen(command.id)) {
      let reason: unknown = 'OpenCode answered with an error of its own';
      try {
        const isDone = await this.#try(command);
        if (this.#isClosed) return;
        if (isDone) return this.#applied(command.mission);
      } catch (error) {
        if (this.#isClosed) return;
        reason = error;
      }
      const isPassing = reason instanceof OpenCodeAway || reason instanceof StoreFull;
      const waitMs = bringing.failed(reason, isPassing ? 'info' : 'error');
      await Promise.race([following.nextOpening(), wait(clock, waitMs, undefined, { keepsAlive: false })]);
    }
  }

  /** False when it has to be tried again. Throws OpenCodeAway, StoreFull, and what should not happen. */
  async #try(command: AnswerCommand): Promise<boolean> {
    const { store, client } = this.#context;
    const ask = store.asks.get(command.args.request);
    if (!ask) return this.#end(command, 'expired', unknownText);
    const isRepeated = ask.attempt === command.id;
    if (ask.outcome !== null) return this.#endLate(command);
    // The edge accepts one answer only. A second one means that the edge was replaced by an older copy of itself.
    const isSecond = ask.attempt !== null && !isRepeated && store.inbox.isOpen(ask.attempt);
    if (isSecond) return this.#end(command, 'expired', overText);
    const process = client.process();
    if (ask.process !== process) return this.#endBoth(command, 'expired');
    if (!isRepeated) store.transact(() => store.asks.attempted(ask.request, command.id));
    try {
      await this.#reply(command, ask.directory);
    } catch (error) {
      if (!(error instanceof OpenCodeRefused)) throw error;
      if (this.#isClosed) return false;
      if (error.status === 400) return this.#refused(command, error);
      // Any other status comes from an OpenCode process that is ending, or from the next one, which has another
      // password: try again.
      if (error.status !== 404) return false;
      const isApplied = isRepeated && client.process() === process;
      return this.#endBoth(command, isApplied ? outcomeOf(command) : 'expired');
    }
    return this.#isClosed ? false : this.#endBoth(command, outcomeOf(command));
  }

  async #reply({ args }: AnswerCommand, directory: string): Promise<unknown> {
    const { client } = this.#context;
    const id = encodeURIComponent(args.request);
    if (args.kind === 'permission') return client.replyPermission(directory, id, args.reply, args.message);
    return args.answers === null
      ? client.rejectQuestion(directory, id)
      : client.replyQuestion(directory, id, args.answers);
  }

  /** The ask got its end while the answer was on its way, most likely by it. */
  #endLate(command: AnswerCommand): boolean {
    const ask = this.#context.store.asks.get(command.args.request);
    const isOurs = ask?.attempt === command.id && ask.outcome !== 'expired';
    return isOurs ? this.#end(command, 'finished', '') : this.#end(command, 'expired', overText);
  }

  #endBoth(command: AnswerCommand, outcome: AskOutcome): boolean {
    const { store } = this.#context;
    const { request } = command.args;
    if (store.asks.get(request)?.outcome !== null)
      return outcome === 'expired' ? this.#end(command, 'expired', overText) : this.#endLate(command);
    const answer = outcome === 'expired' ? {} : { answer: answerOf(command) };
    const [finished, text] = outcome === 'expired' ? (['expired', overText] as const) : (['finished', ''] as const);
    const ended: HostEvent = { type: 'request.ended', request, outcome, ...answer };
    return this.#end(command, finished, text, [ended], () => store.asks.ended(request, outcome));
  }

  /** OpenCode can't read it: the ask stays open for another. */
  #refused(command: AnswerCommand, error: OpenCodeRefused): boolean {
    const { asks } = this.#context.store;
    const text = speakable(`OpenCode did not take the answer: ${error.message}`);
    return this.#end(command, 'failed', text, [], () => asks.attempted(command.args.request, null));
  }

  #end(
    { id, mission, args }: AnswerCommand,
    outcome: Finished['outcome'],
    text: string,
    before: HostEvent[] = [],
    alongside: () => void = () => undefined,
  ): true {
    const { store, clock, redactor } = this.#context;
    const finished: Finished = { type: 'command.finished', command: id, outcome, text, of: args.kind };
    const rows = [...before, finished].map((event) => ({ at: clock.now(), mission, event: clean(event, redactor()) }));
    store.outbox.append(rows, () => {
      alongside();
      store.inbox.end(id);
    });
    return true;
  }
}

const outcomeOf = ({ args }: AnswerCommand): 'answered' | 'rejected' => {
  if (args.kind === 'question') return args.answers === null ? 'rejected' : 'answered';
  return args.reply === 'reject' ? 'rejected' : 'answered';
};

const answerOf = ({ args }: AnswerCommand): object => {
  if (args.kind === 'question') return args.answers === null ? {} : { answers: args.answers };
  return { reply: args.reply, ...(args.message === null ? {} : { message: args.message }) };
};
