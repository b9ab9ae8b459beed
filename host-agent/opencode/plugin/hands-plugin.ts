/**
 * The plug-in that puts our tools in the place of OpenCode's: it runs inside of OpenCode, under Bun, as one file
 * (tools/plugin.mjs). OpenCode calls every export of it, so there is only one.
 */
import { systemClock } from '../../../shared/clock.ts';
import { declaredTools } from '../../hands/declared/all.ts';
import { callHands } from './hands-call.ts';
import { handsTool } from './hands-tool.ts';
import { giveBack } from './withheld.ts';

/** Stands in the first line of the installed file (config/hands-plugin.ts). */
declare const openAgentHands: { socket: string };

export const OpenAgentHands = async () => ({
  config: async (config: unknown): Promise<void> => giveBack(config),
  tool: Object.fromEntries(
    declaredTools.map((declared) => [
      declared.name,
      handsTool(declared, callHands(openAgentHands.socket, systemClock)),
    ]),
  ),
});
