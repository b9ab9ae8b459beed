import type { CommandEnvelope } from '../../shared/commands.ts';
import type { HostFrame, Interrupt } from '../../shared/frames.ts';
import { StoreFull } from '../store/transaction.ts';
import { acceptCommands } from './acceptance.ts';
import type { LinkOptions } from './port.ts';

/** `received` names at most this many ids (shared/frames.ts). */
const maxReceivedIds = 1_000;

/** What one session is given to do: stored first, then answered, then passed on (protocol §4). */
export class Intake {
  readonly #options: LinkOptions;
  readonly #send: (frame: HostFrame) => void;
  readonly #failed: (error: unknown) => void;
  /** Commands that did not fit on the disk: not received yet, accepted as soon as there is room. */
  #held: CommandEnvelope[] = [];

  constructor(options: LinkOptions, send: (frame: HostFrame) => void, failed: (error: unknown) => void) {
    this.#options = options;
    this.#send = send;
    this.#failed = failed;
  }

  commands(envelopes: CommandEnvelope[]): void {
    if (envelopes.length === 0) return;
    // Commands start in the order in which they arrived, so none may overtake those that wait for disk space.
    if (this.#held.length > 0) {
      this.#held.push(...envelopes);
      return;
    }
    try {
      const fresh = acceptCommands(envelopes, this.#options);
      this.#received(envelopes);
      if (fresh.length > 0) this.#options.onCommands(fresh);
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error;
      this.#options.log.error('link.commands_held', { count: envelopes.length, error, text: 'Free some disk space.' });
      this.#options.outbox.once('room', this.#acceptHeld);
      this.#held.push(...envelopes);
    }
  }

  interrupt(interrupt: Interrupt): void {
    const { inbox, log, onInterrupt } = this.#options;
    try {
      inbox.cancel(interrupt);
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error;
      // Repeated in every welcome until the end is in the log; stopping works without disk (protocol §3).
      log.warn('link.interrupt_not_stored', { ...interrupt, error });
    }
    // A command that still waits for disk space is not stored; only this wish to cancel it is.
    onInterrupt(interrupt);
  }

  close(): void {
    this.#options.outbox.off('room', this.#acceptHeld);
  }

  readonly #acceptHeld = (): void => {
    const held = this.#held;
    this.#held = [];
    try {
      this.commands(held);
    } catch (error) {
      this.#failed(error);
    }
  };

  #received(envelopes: CommandEnvelope[]): void {
    const ids = envelopes.map((each) => each.id);
    for (let at = 0; at < ids.length; at += maxReceivedIds) {
      this.#send({ type: 'received', ids: ids.slice(at, at + maxReceivedIds) });
    }
  }
}
