import * as z from 'zod';
import type { LogEvent } from '../../../shared/events.ts';
import { beginningOf } from '../../../shared/text.ts';
import { isOrdersEnd } from '../log/log.ts';
import type { ShownEvent } from './shown-event.ts';

const permission = z.object({ permission: z.string(), patterns: z.array(z.string()) });
const given = z.object({ reply: z.string() });

/** The apps show a phase as one line of the chat; longer details are cut. */
const lineChars = 200;

const phase = (name: string, detail: string): ShownEvent => ({
  name: 'agent_phase',
  data: { phase: name, detail, agent: 'OpenCodeAgent' },
});

/**
 * What the existing apps see of a question or permission besides `status` waiting_for_tool. A question is its own
 * `tool_call`, which they answer by `tool_result`; of permissions they know nothing, so the phase line says what is
 * waited for.
 */
export const askedShown = ({ kind, body }: Extract<LogEvent, { type: 'request.asked' }>): ShownEvent[] => {
  const asks = permission.safeParse(body);
  if (kind !== 'permission' || !asks.success) return [];
  const detail = `Waiting for permission: ${asks.data.permission} ${asks.data.patterns.join(', ')}`.trim();
  return [phase('waiting', detail.length > lineChars ? `${beginningOf(detail, lineChars)}…` : detail)];
};

export const endedShown = ({ answer }: Extract<LogEvent, { type: 'request.ended' }>): ShownEvent[] => {
  const reply = given.safeParse(answer);
  if (!reply.success) return [];
  return [phase('executing', reply.data.reply === 'reject' ? 'Permission refused' : 'Permission given')];
};

type Finished = Extract<LogEvent, { type: 'command.finished' }>;

/** An answer that the agent never got (contract §4.4). */
export const answerEnded = (event: Finished): ShownEvent[] =>
  event.outcome === 'finished' || isOrdersEnd(event)
    ? []
    : [{ name: 'error', data: { message: answerEndedText(event), resumable: true } }];

export const answerEndedText = ({ text, of }: Finished): string => `Failed to reply to ${of}: ${text}`;
