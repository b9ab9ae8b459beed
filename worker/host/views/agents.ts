import type { LogRow } from '../log/log.ts';
import type { ShownEvent } from './shown-event.ts';
import type { Texts } from './texts.ts';

/** The whole text of a part as the apps' `thinking`. */
export const thinking = (part: string, done: boolean, texts: Texts): ShownEvent => ({
  name: 'thinking',
  data: { content: texts.part(part), done },
});

/**
 * A sub-agent's text for the existing apps. They have one open block of thoughts, and a text that does not continue it
 * tears it (contract §4.5), so several agents that think at once would leave shreds of each other. Therefore a
 * sub-agent's text is not shown in the making: it comes when it has ended, as a block of its own, opened and closed at
 * once, since a `done` alone would go into whatever block is open (web) or nowhere (iOS). While the mission's own agent
 * is in the middle of a text it is not shown at all; stored events have it in its place. Its tool calls are shown like
 * any other, questions above all.
 */
export const subAgentText = (row: LogRow, part: string, texts: Texts): ShownEvent[] =>
  row.mission === null || texts.part(part) === '' || texts.isOwnTextOpen(row.mission)
    ? []
    : [thinking(part, false, texts), thinking(part, true, texts)];

/**
 * The tree as of a row: sent at start and end of a turn and of each sub-agent. `turn` null: that of the mission's last
 * turn.
 */
export const agentTree = (row: LogRow, turn: string | null, texts: Texts): ShownEvent[] => {
  const tree = texts.tree(row, turn);
  return tree === null ? [] : [{ name: 'agent_tree', data: { tree } }];
};
