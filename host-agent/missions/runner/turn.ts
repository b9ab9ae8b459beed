import { randomUUID } from 'node:crypto';
import type { MessageCommand } from '../../../shared/commands.ts';
import { noUsage } from '../../../shared/events.ts';
import { turnId } from '../../../shared/ids.ts';
import { beginningOf } from '../../../shared/text.ts';
import type { OpenCodeError } from '../../opencode/api/events.ts';
import type { Model } from '../../opencode/api/prompt.ts';
import type { OutboxRow } from '../../store/outbox-row.ts';
import type { TurnRecord } from '../../store/turns.ts';
import type { MissionContext } from '../context.ts';
import { cancelledText, reasonOf, short, speakable } from '../transcript/error-text.ts';
import { promptIds } from './prompt-ids.ts';

/** A turn that runs: what is stored of it, and what this process knows besides. Times are monotonic milliseconds. */
export interface Turn {
  readonly command: MessageCommand;
  readonly record: TurnRecord;
  readonly messageID: string;
  readonly partID: string;
  /** Null until it was chosen, after a restart. */
  model: Model | null;
  agent: string;
  /** When this process sent the prompt to the OpenCode process that is there now. */
  sentAtMs: number | null;
  /** When this process sent the prompt, or attached to the turn. */
  seenAtMs: number;
  heardAtMs: number;
  /**
   * The first error for the session since the prompt was sent; a second one is the same with a stack (opencode §7.2).
   */
  error: OpenCodeError | null;
  /** The empty answer behind which the prompt was sent again to a renewed instance: it no longer counts. */
  setAside: string | null;
  /** Pauses before a retry, and what was said of them. */
  retriesSaid: Set<string>;
}

export const turnOf = (
  { clock }: Pick<MissionContext, 'clock'>,
  command: MessageCommand,
  record: TurnRecord,
  agent: string,
  model: Model | null,
): Turn => ({
  command,
  record,
  ...promptIds(command),
  model,
  agent,
  sentAtMs: null,
  seenAtMs: clock.steadyMs(),
  heardAtMs: clock.steadyMs(),
  error: null,
  setAside: null,
  retriesSaid: new Set(),
});

/** A fresh record for a message about to run on this OpenCode process. */
export const newRecord = (
  command: MessageCommand,
  place: { session: string; directory: string; process: string },
  at: number,
): TurnRecord => ({
  turn: turnId.parse(randomUUID()),
  command: command.id,
  mission: command.mission,
  ...place,
  startedAt: at,
  acceptedAt: null,
  resends: 0,
  endedAt: null,
});

/** Titles are for lists; one of any length must not make an event too large. */
const titleChars = 1_000;
/** The same for names of agents and models. */
const nameChars = 500;

/** The mission's introduction, if this host never gave it: it precedes a mission's first event (protocol §2). */
const openedRows = ({ store, clock, redactor }: MissionContext, command: MessageCommand): OutboxRow[] => {
  const { mission } = command;
  if (store.missions.isOpened(mission)) return [];
  const { owner, workspace, title } = command.args.spec;
  const event = {
    type: 'mission.opened' as const,
    owner,
    workspace,
    title: title && beginningOf(redactor().text(title), titleChars),
  };
  return [{ at: clock.now(), mission, event }];
};

/** Rows that begin a turn. */
export const startRows = (
  context: MissionContext,
  command: MessageCommand,
  record: TurnRecord,
  chosen: { agent: string | null; model: Model | null },
): OutboxRow[] => {
  const { id, mission } = command;
  const model = chosen.model ? beginningOf(`${chosen.model.providerID}/${chosen.model.modelID}`, nameChars) : null;
  const agent = chosen.agent && beginningOf(chosen.agent, nameChars);
  const event = { type: 'turn.started' as const, command: id, turn: record.turn, agent, model };
  return [...openedRows(context, command), { at: context.clock.now(), mission, event }];
};

/** Ends a command that was cancelled before it became a turn. Throws StoreFull. */
export const endCancelled = (context: MissionContext, command: MessageCommand): void => {
  const { store, clock } = context;
  const { id, mission } = command;
  const event = { type: 'command.finished' as const, command: id, outcome: 'cancelled' as const, text: cancelledText };
  store.outbox.append([...openedRows(context, command), { at: clock.now(), mission, event }], () => {
    store.missions.opened(mission);
    store.inbox.end(id);
  });
};

export const unstartedText = (reason: string): string => speakable(`The message could not be started: ${reason}`);

/** A turn that fails before OpenCode heard of it still is one to those who look. Throws StoreFull. */
export const endUnstarted = (context: MissionContext, command: MessageCommand, error: unknown): void => {
  const { store, clock, redactor } = context;
  const { id, mission, args } = command;
  const at = clock.now();
  const record = newRecord(command, { session: '', directory: '', process: '' }, at);
  const text = short(redactor().text(unstartedText(reasonOf(error))));
  const what = { command: id, turn: record.turn, outcome: 'failed' as const };
  const event = { type: 'turn.ended' as const, ...what, answer: [], text, model: null, usage: noUsage };
  const started = startRows(context, command, record, { agent: args.agent, model: null });
  store.outbox.append([...started, { at, mission, event }], () => {
    store.missions.opened(mission);
    store.inbox.end(id);
  });
};
