import type { Clock } from '../../shared/clock.ts';
import { type Command, type CommandEnvelope, command } from '../../shared/commands.ts';
import type { HostEvent } from '../../shared/events.ts';
import { beginningOf } from '../../shared/text.ts';
import type { Inbox } from '../store/inbox.ts';
import type { Outbox } from '../store/outbox.ts';
import type { OutboxRow } from '../store/outbox-row.ts';

type Verdict = { kind: 'start'; command: Command } | { kind: 'end'; row: OutboxRow; envelope: CommandEnvelope };

/**
 * Commits commands of the edge to the inbox; after it, all of them may be reported as `received`. Out: those to start,
 * in order. A known one is not started again; one that was cancelled before it came never starts; one this version does
 * not understand fails. The last two get their end row in the same transaction (protocol §2, §4). Throws StoreFull.
 */
export const acceptCommands = (
  envelopes: readonly CommandEnvelope[],
  store: { inbox: Inbox; outbox: Outbox; clock: Clock },
): Command[] => {
  const { inbox, outbox } = store;
  const fresh = [...new Map(envelopes.map((each) => [each.id, each])).values()].filter((each) => !inbox.has(each.id));
  if (fresh.length === 0) return [];
  const verdicts = fresh.map((each) => judge(each, inbox.isCancelled(each.id), store.clock.now()));
  const ended = verdicts.filter((each) => each.kind === 'end');
  outbox.append(
    ended.map((each) => each.row),
    () => {
      inbox.accept(verdicts.map(understood));
      for (const { envelope } of ended) inbox.end(envelope.id);
    },
  );
  return verdicts.flatMap((each) => (each.kind === 'start' ? [each.command] : []));
};

/**
 * What is stored of a command: all of it if it was understood; else only id, mission and kind, because the rest may be
 * of any size and depth.
 */
const understood = (verdict: Verdict): CommandEnvelope => {
  if (verdict.kind === 'start') return verdict.command;
  const { id, mission, kind } = verdict.envelope;
  return { id, mission, kind };
};

const judge = (envelope: CommandEnvelope, cancelled: boolean, at: number): Verdict => {
  const finished = (outcome: 'failed' | 'cancelled', text: string): Verdict => {
    const event: HostEvent = { type: 'command.finished', command: envelope.id, outcome, text };
    return { kind: 'end', envelope, row: { at, mission: envelope.mission, event } };
  };
  const parsed = command.safeParse(envelope);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = beginningOf(`${issue?.path.join('.') || envelope.kind}: ${issue?.message ?? 'unknown'}`, 200);
    return finished(
      'failed',
      `The server's host-agent does not understand this command (${where}). Update the host-agent.`,
    );
  }
  return cancelled ? finished('cancelled', 'Cancelled before it started') : { kind: 'start', command: parsed.data };
};
