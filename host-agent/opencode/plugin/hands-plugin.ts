/**
 * The plug-in that puts our tools in the place of OpenCode's, us in the place of MCP servers, and what only the hands
 * may read into its prompts: it runs inside of OpenCode, under Bun, as one file (tools/plugin.mjs). OpenCode calls
 * every export of it, so there is only one, for each directory; what is outside of it is there once.
 */
import * as z from 'zod';
import { systemClock } from '../../../shared/clock.ts';
import { declaredTools } from '../../hands/declared/all.ts';
import { askHands } from './ask-hands.ts';
import { callHands } from './hands-call.ts';
import { handsTool } from './hands-tool.ts';
import { mcpCallers } from './mcp-callers.ts';
import { type Taken, takeServers } from './mcp-entries.ts';
import { fetchWithHands } from './mcp-fetch.ts';
import { expandMessage } from './person-text.ts';
import { projectRules } from './project-rules.ts';
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

const taken = new Map<string, Taken>();
const callers = mcpCallers();
globalThis.fetch = fetchWithHands({
  socket: openAgentHands.socket,
  clock: systemClock,
  fetch: globalThis.fetch,
  taken,
  callerOf: callers.of,
});

export const OpenAgentHands = async ({ directory, client }: Place) => {
  const { socket, seesTrees } = openAgentHands;
  const call = callHands(socket, systemClock);
  const ask = askHands(call, directory);
  let instructions: readonly string[] = [];
  const rules = seesTrees ? null : projectRules(ask, () => instructions);
  const expand = expandMessage(ask, () => client.command.list());
  return {
    config: async (config: unknown): Promise<void> => {
      takeServers(config, directory, (url, one) => taken.set(url, one)); // First: nothing may keep it from being done.
      giveBack(config);
      instructions = withInstructions.safeParse(config).data?.instructions ?? [];
    },
    tool: Object.fromEntries(declaredTools.map((declared) => [declared.name, handsTool(declared, call)])),
    'chat.message': async (input: unknown, output: unknown): Promise<void> => {
      rules?.expect(input);
      await expand(input, output);
    },
    'tool.execute.before': async (input: unknown, output: { args: unknown }): Promise<void> => {
      await unlinkTasks(input, output);
      callers.begins(directory, input, output.args);
    },
    ...(rules ? { 'experimental.chat.system.transform': rules.add } : {}),
  };
};
