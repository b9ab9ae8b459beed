import type { Outcome } from '../../../shared/events.ts';
import type { OpenCodeEvent } from '../../opencode/api/events.ts';
import { OpenCodeAway, OpenCodeRefused } from '../../opencode/api/failure.ts';
import type { Log } from '../../process/log.ts';
import { type Trouble, trouble } from '../../process/trouble.ts';
import { StoreFull } from '../../store/transaction.ts';
import { Asks } from '../asks/asks.ts';
import { type MissionContext, missionTimes } from '../context.ts';
import { cancelledText, short } from '../transcript/error-text.ts';
import type { Ingest } from '../transcript/ingest.ts';
import { endEvents, failureEnd } from './ending.ts';
import { effectOf, isSignOfLife } from './hearing.ts';
import { isSettled, judge, judgeEndless } from './outcome.ts';
import type { Resting } from './resting.ts';
import { type RetryPause, retryEvent } from './retry-said.ts';
import { renewInstance, sendPrompt } from './send.ts';
import { type Situation, situationOf } from './situation.ts';
import { abortIfPossible, stopSession } from './stop.ts';
import { type Turn, unstartedText } from './turn.ts';
import { Wakeup } from './wakeup.ts';

/** A failure inside OpenCode need not end a long turn: it is asked again after this, so often in a row. */
const troubleMs = 1_000;
const maxTroubles = 5;

/**
 * One turn from its commit to its end, which is decided by what OpenCode has stored and by nothing else (protocol §4).
 * A single loop looks at the state whenever something was heard, so no two steps of a turn ever run at once.
 */
export class TurnLoop {
  readonly turn: Turn;
  readonly #context: MissionContext;
  readonly #ingest: Ingest;
  readonly #log: Log;
  readonly #wakeup: Wakeup;
  readonly #asks: Asks;
  #cancelled = false;
  #left = false;
  #failure: { cause: unknown } | null = null;
  #mustSend: boolean;
  readonly #resting: Resting;
  #wanted: boolean | null;
  /** The history was read instead of waiting for our mark. */
  #reloaded = false;
  #troubles = 0;
  readonly #failing: { turn: Trouble; end: Trouble };

  /** `isNew`: the prompt was never sent; else the turn is attached to. */
  constructor(context: MissionContext, ingest: Ingest, turn: Turn, isNew: boolean, resting: Resting) {
    this.turn = turn;
    this.#context = context;
    this.#wakeup = new Wakeup(context.clock);
    this.#ingest = ingest;
    this.#mustSend = isNew;
    this.#resting = resting;
    this.#wanted = isNew || null;
    const { mission, command, turn: id } = turn.record;
    this.#log = context.log.with({ mission, command, turn: id });
    this.#failing = { turn: trouble(this.#log, 'turn.failed'), end: trouble(this.#log, 'turn.end_failed') };
    const isStopping = () => this.#isCancelled();
    this.#asks = new Asks({ context, ingest, turn: turn.record, log: this.#log }, isStopping, () =>
      this.#state('running'),
    );
  }

  /** Resolves when the end of the turn is stored, or after `leave`. Never rejects. */
  async run(): Promise<void> {
    const { record } = this.turn;
    this.#context.live.add({
      mission: record.mission,
      command: record.command,
      turn: record.turn,
      state: record.acceptedAt === null ? 'starting' : 'running',
      since: record.startedAt,
      last_activity: this.#context.clock.now(),
    });
    for (;;) {
      let waitMs: number | 'ended';
      try {
        if (this.#failure) throw this.#failure.cause;
        waitMs = await this.#step();
      } catch (error) {
        if (this.#left) return;
        waitMs = await this.#fail(error);
      }
      if (waitMs === 'ended') break;
      if (!this.#left) await this.#wakeup.wait(waitMs);
      if (this.#left) return;
    }
    this.#context.live.remove(record.turn);
  }

  /** Something may have changed. */
  wake(): void {
    this.#wakeup.wake();
  }

  /** The user's wish; it is stored already, unless the disk is full. */
  cancel(): void {
    this.#cancelled = true;
    this.#context.live.state(this.turn.record.turn, 'stopping');
    this.wake();
  }

  /** The edge says whether it waits for this turn's command; nothing is sent to OpenCode for one it does not. */
  welcome(wanted: boolean): void {
    this.#wanted = wanted;
    this.wake();
  }

  /** This process goes: the turn runs on in OpenCode, and the next process attaches to it. */
  leave(): void {
    this.#left = true;
    this.wake();
  }

  /** An error of ours in what this turn depends on. */
  broke(cause: unknown): void {
    this.#failure ??= { cause };
    this.wake();
  }

  ready(): void {
    if (this.turn.record.process !== this.#context.following.process()) this.turn.sentAtMs = null;
    this.#asks.look();
    this.wake();
  }

  lost(): void {
    this.#state('waiting');
  }

  heard(events: readonly OpenCodeEvent[]): void {
    if (events.some(isSignOfLife)) this.turn.heardAtMs = this.#context.clock.steadyMs();
    this.#context.live.active(this.turn.record.turn, this.#context.clock.now());
    this.#asks.heard(events);
    for (const event of events) {
      const { state, look, error, retry } = effectOf(event, this.#ingest.session);
      if (state) this.#state(state);
      if (retry) this.#sayRetry(retry);
      if (error) this.turn.error ??= error;
      if (look) this.wake();
    }
  }

  #state(state: 'running' | 'retrying' | 'waiting'): void {
    if (this.#isCancelled()) return;
    this.#context.live.state(this.turn.record.turn, this.#asks.isOpen ? 'waiting' : state);
  }

  #isCancelled(): boolean {
    return this.#cancelled || this.#context.store.inbox.isCancelled(this.turn.command.id);
  }

  /** One look at the turn. Out: how long to wait for the next, unless something is heard. */
  async #step(): Promise<number | 'ended'> {
    const { client, following } = this.#context;
    try {
      if (this.#isCancelled()) return await this.#stop('cancelled', cancelledText);
      if (!following.isReady(this.#ingest.session) || this.#ingest.isStalled) return this.#endIfHopeless();
      if (this.#mustSend) return await this.#send();

      const endless = judgeEndless(this.#situation(false), this.#context.stopAfterRepeats);
      if (endless) {
        // The model is asked a dozen times a second: the abort comes first.
        await abortIfPossible(client, this.#ingest.session, this.#log);
        return await this.#stop(endless.outcome, endless.text);
      }
      const status = await client.status(this.turn.record.directory, this.#ingest.session);
      if (status.type !== 'idle') {
        this.#asks.look();
        if (status.type === 'retry') this.#sayRetry(status);
        this.#state(status.type === 'retry' ? 'retrying' : 'running');
        return missionTimes.watchMs;
      }
      this.#resting.sawIdle(this.turn.record, following.process());
      if (!(await this.#catchUp())) return missionTimes.watchMs;
      this.#troubles = 0;
      const verdict = judge(this.#situation(false));
      switch (verdict.kind) {
        case 'wait':
          return verdict.ms;
        case 'renew':
          await renewInstance(this.#context, this.#ingest, this.turn, this.#log);
          return await this.#send();
        case 'send':
          return await this.#send();
        case 'end':
          return this.#end(verdict.outcome, verdict.text);
      }
    } catch (error) {
      // `ready` wakes us when OpenCode is back, or there is room.
      if (error instanceof OpenCodeAway || error instanceof StoreFull) return missionTimes.watchMs;
      const isPassing = error instanceof OpenCodeRefused && error.status >= 500 && this.#troubles++ < maxTroubles;
      if (!isPassing) throw error;
      this.#log.warn('turn.opencode_trouble', { error });
      return troubleMs;
    }
  }

  /** A prompt that was never sent need not wait for an OpenCode that can't be started. */
  #endIfHopeless(): number | 'ended' {
    const { client, following } = this.#context;
    const failure = this.#mustSend && following.process() === null ? client.failure() : null;
    return failure === null ? missionTimes.watchMs : this.#end('failed', unstartedText(failure));
  }

  /** Before an end is judged, every durable event OpenCode has stored must be in our rows. */
  async #catchUp(): Promise<boolean> {
    if (this.#reloaded || (await this.#ingest.fence())) {
      this.#reloaded = false;
      return true;
    }
    if (!this.#context.following.isReady(this.#ingest.session)) return false;
    this.#log.warn('turn.fence_lost');
    this.#reloaded = true;
    this.#context.following.reload(this.#ingest.session);
    return false;
  }

  #situation(cancelled: boolean): Situation {
    return situationOf(this.#context, this.#ingest, this.turn, { cancelled, wanted: this.#wanted });
  }

  async #send(): Promise<number> {
    const isFirst = this.#mustSend;
    this.#mustSend = false;
    const isIdle = this.#resting.isKnown(this.turn.record, this.#context.following.process());
    await sendPrompt(this.#context, this.turn, { isFirst, isIdle }, this.#log);
    return missionTimes.watchMs;
  }

  async #stop(outcome: Outcome, text: string): Promise<'ended' | number> {
    const { client, clock, following } = this.#context;
    const [{ record }, { session }] = [this.turn, this.#ingest];
    this.#resting.unknown();
    this.#context.live.state(record.turn, 'stopping');
    if (!this.#mustSend) {
      await stopSession({
        client,
        clock,
        log: this.#log,
        directory: record.directory,
        session,
        sessions: () => following.members(session),
        // What OpenCode has stored is to be read before the end, behind which it would be dropped.
        isSettled: () => following.isReady(session) && isSettled(this.#situation(true)),
        isGivenUp: () => this.#left,
        wait: (ms) => this.#wakeup.wait(ms),
      });
      if (this.#left) return missionTimes.watchMs;
      if (following.isReady(session)) await this.#ingest.fence();
    }
    return this.#end(outcome, text);
  }

  #end(outcome: Outcome, text: string): 'ended' | number {
    if (this.#ingest.isStalled) return missionTimes.watchMs; // `ready` wakes us when the rest of the turn is stored.
    const { store, clock } = this.#context;
    const { turn, command } = this.turn.record;
    const errorSaid = this.#ingest.progress(this.turn.messageID, command).last?.error !== undefined;
    const result = { ...this.#ingest.result(turn), errorSaid };
    const events = endEvents(this.turn, result, outcome, text);
    const ends = this.#asks.ends(outcome === 'cancelled' ? 'rejected' : 'expired');
    const rows = [
      ...this.#ingest.closeTexts(turn),
      ...[...ends.events, ...events].map((event) => this.#ingest.row(event)),
    ];
    const finish = (): void => {
      ends.store();
      store.turns.end(turn, clock.now());
      store.inbox.end(command);
    };
    if (!this.#ingest.append(rows, finish)) return missionTimes.watchMs;
    this.#ingest.forget(turn);
    this.#log.info('turn.ended', { outcome, text: short(text), cost_usd: result.usage.cost_usd });
    return 'ended';
  }

  /** A turn that we cannot follow any more is aborted and ended, since it must not go on unseen. */
  async #fail(error: unknown): Promise<number | 'ended'> {
    this.#failure = null;
    this.#resting.unknown();
    this.#failing.turn.failed(error);
    const { outcome, text, gone } = failureEnd(error);
    if (!gone) await abortIfPossible(this.#context.client, this.#ingest.session, this.#log);
    try {
      return this.#end(outcome, text);
    } catch (endError) {
      // The store refuses what has to be stored, and would again at once. The abort makes events that wake us.
      await this.#wakeup.rest(this.#failing.end.failed(endError), () => this.#left);
      return 0;
    }
  }

  #sayRetry(pause: RetryPause): void {
    const event = retryEvent(this.turn, pause, this.#context.clock.now());
    if (event) this.#ingest.append([this.#ingest.row(event)]);
  }
}
