import { type HostEvent, type Outcome, outcomeFields, type Usage } from '../../../shared/events.ts';
import { OpenCodeRefused } from '../../opencode/api/failure.ts';
import { errorText, reasonOf, speakable } from '../transcript/error-text.ts';
import type { Turn } from './turn.ts';

export interface TurnResult {
  /** Parts that are the assistant message. */
  answer: string[];
  usage: Usage;
  /** `provider/model` that answered last; null when none did. */
  model: string | null;
  /** The log has the error of an answer already. */
  errorSaid: boolean;
}

/** The last events of a turn. An error that came only live (an unknown agent or model) is said first. */
export const endEvents = (turn: Turn, result: TurnResult, outcome: Outcome, reason: string): HostEvent[] => {
  const { turn: id, command } = turn.record;
  const text = speakable(reason);
  const isNewError = outcome === 'failed' && !result.errorSaid && turn.error !== null && errorText(turn.error) === text;
  const sent = turn.model ? `${turn.model.providerID}/${turn.model.modelID}` : null;
  return [
    ...(isNewError ? [{ type: 'turn.error' as const, turn: id, message: text }] : []),
    {
      type: 'turn.ended',
      command,
      turn: id,
      ...outcomeFields(outcome),
      // What somebody or something broke off is no assistant message; its text stays in the log as what it is.
      answer: outcome === 'completed' || outcome === 'blocked' ? result.answer : [],
      text,
      model: result.model ?? sent,
      usage: result.usage,
    },
  ];
};

const goneText = "OpenCode no longer has this mission's session. Send the message again to go on in a new one.";

/**
 * How a turn ends that met an error of ours or a refusal of OpenCode's. `gone`: there is nothing in OpenCode to stop.
 */
export const failureEnd = (error: unknown): { outcome: Outcome; text: string; gone: boolean } => {
  if (error instanceof OpenCodeRefused && error.status === 404) {
    return { outcome: 'interrupted', text: goneText, gone: true };
  }
  return { outcome: 'failed', text: `The message could not be run: ${reasonOf(error)}`, gone: false };
};
