/**
 * The plug-in that puts our tools in the place of OpenCode's, and what only the hands may read into its prompts: it
 * runs inside of OpenCode, under Bun, as one file (tools/plugin.mjs). OpenCode calls every export of it, so there is
 * only one, for each directory.
 */
import * as z from 'zod';
import { systemClock } from '../../../shared/clock.ts';
import { declaredTools } from '../../hands/declared/all.ts';
import { askHands } from './ask-hands.ts';
import { callHands } from './hands-call.ts';
import { handsTool } from './hands-tool.ts';
import { expandMessage } from './person-text.ts';
import { addRules } from './project-rules.ts';
import type { Told } from './told.ts';
import { unlinkTasks } from './unlinked.ts';
import { giveBack } from './withheld.ts';

/** Stands in the first line of the installed file (config/hands-plugin.ts). */
declare const openAgentHands: Told;

/** Of what OpenCode gives a plug-in. */
interface Place {
  directory: string;
  client: { command: { list(): Promise<unknown> } };
}

const withInstructions = z.object({ instructions: z.array(z.string()) });

export const OpenAgentHands = async ({ directory, client }: Place) => {
  const { socket, seesTrees } = openAgentHands;
  const call = callHands(socket, systemClock);
  const ask = askHands(call, directory);
  let instructions: readonly string[] = [];
  return {
    config: async (config: unknown): Promise<void> => {
      giveBack(config);
      instructions = withInstructions.safeParse(config).data?.instructions ?? [];
    },
    tool: Object.fromEntries(declaredTools.map((declared) => [declared.name, handsTool(declared, call)])),
    'chat.message': expandMessage(ask, () => client.command.list()),
    'tool.execute.before': unlinkTasks,
    ...(seesTrees ? {} : { 'experimental.chat.system.transform': addRules(ask, () => instructions) }),
  };
};
