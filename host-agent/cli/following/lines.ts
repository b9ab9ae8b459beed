/**
 * What the commands tell about a mission: with `--json` each of these is one line of standard output, as it is; else
 * they are put into words (printing/). This is the documented shape: members may be added, none is taken away or
 * changes its meaning.
 */
import type { AskKind, AskOutcome, MissionStatus, Outcome } from '../../../shared/events.ts';

export type Line =
  | { type: 'mission'; id: string; title: string | null; status: MissionStatus }
  /** Something a person said; `queued`: it waits for its turn. */
  | { type: 'message'; id: string; content: string; queued: boolean }
  /** The agent begins to work on a message. */
  | { type: 'turn'; id: string; message_id: string; agent: string | null; model: string | null }
  /**
   * Text of the agent, of `reasoning` or `text`, as it comes: it belongs at `off` of its part (UTF-16 units) and
   * replaces what is there. That is nearly always nothing, so whoever joins the texts of a part has it. `parent_call`:
   * a sub-agent says it.
   */
  | { type: 'text'; kind: 'text' | 'reasoning'; part: string; off: number; text: string; parent_call?: string }
  /** A part is whole: no text of it follows. */
  | { type: 'text_end'; part: string }
  /** A whole text of a turn that went before, text or reasoning. Of `show`. */
  | { type: 'thought'; text: string }
  | { type: 'tool'; id: string; name: string; args: unknown; parent_call?: string }
  /**
   * What a call prints while it runs: it belongs at `off` (UTF-16 units) of all that it prints. Beyond the end of the
   * line before, something is missing in between. Nothing of it comes after the call's result.
   */
  | { type: 'output'; id: string; off: number; text: string }
  | { type: 'tool_result'; id: string; name: string; result: unknown; failed: boolean }
  /** The agent waits for a person: `openagent answer <id> …`. */
  | { type: 'request'; id: string; kind: AskKind; body: unknown }
  | { type: 'request_end'; id: string; outcome: AskOutcome }
  /** Trouble that the agent met and may survive. */
  | { type: 'error'; message: string }
  | { type: 'status'; status: MissionStatus; summary: string | null }
  /** The connection was lost, or is there again. Nothing is missed in between. */
  | { type: 'connection'; state: 'away' | 'back' }
  /** A message's end. `text` is the answer, or why there is none; null where the log does not say it. */
  | {
      type: 'end';
      message_id: string | null;
      outcome: Outcome;
      text: string;
      model: string | null;
      cost_usd: number | null;
    };
