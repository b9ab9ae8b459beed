// The truth of a round: what the model sent for each message, and what the log says came of it, in the same shape.
import * as z from 'zod';
import type { ModelRequest } from '../support/model.ts';
import type { Row } from '../support/reading.ts';

const bashArgs = z.looseObject({ command: z.string() });

export type Item =
  | { sort: 'text' | 'reasoning'; text: string }
  /** `args` as JSON. */
  | { sort: 'tool'; name: string; args: string };

/** How often each step was asked for, and everything the model sent, step after step. */
export interface Sent {
  asked: number[];
  items: Item[];
}

/** A command that an agent was to run. */
export interface Command {
  command: string;
  /** What the agent was told; undefined where the log has no result. */
  told: { text: string; failed: boolean } | undefined;
}

/** What the log has of one message. */
export interface Logged {
  kept: number;
  turns: number;
  ends: Row[];
  isCancelWished: boolean;
  items: Item[];
  /** Tool calls that have not exactly one result. */
  unanswered: string[];
  commands: Command[];
  /** Parts of which text was missed and shown later. */
  blind: number;
}

export const sentFor = (content: string, requests: readonly ModelRequest[]): Sent => {
  const own = requests.filter(({ userText }) => userText === content).toSorted((a, b) => a.step - b.step);
  const asked: number[] = [];
  for (const { step } of own) asked[step] = (asked[step] ?? 0) + 1;
  return { asked: Array.from(asked, (count) => count ?? 0), items: own.flatMap(({ sent }) => itemsOf(sent)) };
};

const itemsOf = (sent: ModelRequest['sent']): Item[] => {
  const items: Item[] = [];
  for (const { kind, text } of sent) {
    const last = items.at(-1);
    if (kind === 'tool') {
      const space = text.indexOf(' ');
      items.push({ sort: 'tool', name: text.slice(0, space), args: text.slice(space + 1) });
    } else if (last?.sort === kind) last.text += text;
    else items.push({ sort: kind, text });
  }
  return items;
};

/** What the rows of a mission say of one of its messages. */
export const loggedFor = (message: string, rows: readonly Row[]): Logged => {
  const turns = new Set<string>();
  const texts = new Map<string, Extract<Item, { text: string }>>();
  const results = new Map<string, number>();
  const commands = new Map<string, Command>();
  const logged: Logged = {
    kept: 0,
    turns: 0,
    ends: [],
    isCancelWished: false,
    items: [],
    unanswered: [],
    commands: [],
    blind: 0,
  };
  for (const row of rows) {
    const { event } = row;
    if ('command' in event && event.command !== message) continue;
    if ('turn' in event && !('command' in event) && !turns.has(event.turn)) continue;
    switch (event.type) {
      case 'message.kept':
        logged.kept += 1;
        break;
      case 'turn.started':
        turns.add(event.turn);
        break;
      case 'cancel.requested':
        logged.isCancelWished = true;
        break;
      case 'turn.ended':
      case 'command.finished':
      case 'command.lost':
        if (row.sequence !== null) logged.ends.push(row);
        break;
      case 'part.opened': {
        const item = { sort: event.kind, text: '' };
        texts.set(event.part, item);
        logged.items.push(item);
        break;
      }
      case 'part.blind':
        if (texts.has(event.part)) logged.blind += 1;
        break;
      case 'part.closed': {
        const item = texts.get(event.part);
        if (item) item.text = event.text;
        break;
      }
      case 'tool.called':
        logged.items.push({ sort: 'tool', name: event.name, args: JSON.stringify(event.args) });
        results.set(event.tool_call_id, 0);
        if (event.name === 'bash') {
          const { command } = bashArgs.parse(event.args);
          commands.set(event.tool_call_id, { command, told: undefined });
        }
        break;
      case 'tool.result': {
        const count = results.get(event.tool_call_id);
        if (count !== undefined) results.set(event.tool_call_id, count + 1);
        const command = commands.get(event.tool_call_id);
        if (command) command.told = { text: JSON.stringify(event.result), failed: event.failed };
        break;
      }
      default:
    }
  }
  logged.turns = turns.size;
  logged.commands = [...commands.values()];
  logged.unanswered = [...results].flatMap(([call, count]) => (count === 1 ? [] : [`${call}: ${count} results`]));
  return logged;
};
