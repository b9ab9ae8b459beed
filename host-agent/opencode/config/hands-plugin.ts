import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from '../../process/private-file.ts';
import { textOfFile } from '../../process/text-file.ts';
import type { Told } from '../plugin/told.ts';

/** Where OpenCode finds its hands, and what it speaks to them with. */
export interface Hands {
  /** Unix socket of the hands (MCP). */
  socket: string;
  /** The bundled plug-in (tools/plugin.mjs). */
  bundle: string;
}

/**
 * Puts our plug-in into OpenCode's global config directory, from where OpenCode loads it at its start, with where the
 * hands are as its first line: a file can't be changed by what a tool has in its environment. `seesTrees`: OpenCode
 * sees what agents write, and so reads the rules there itself. `null` takes the plug-in away. Throws with the next step
 * when the bundle is missing.
 */
export const installHandsPlugin = async (directory: string, hands: Hands | null, seesTrees: boolean): Promise<void> => {
  const path = join(directory, 'plugin', 'open-agent-hands.js');
  if (hands === null) return rm(path, { force: true });
  const bundle = await textOfFile(hands.bundle);
  if (bundle === undefined)
    throw new Error(`${hands.bundle} is missing, by which OpenCode gets its tools. Build or install Open Agent again.`);
  const told: Told = { socket: hands.socket, seesTrees };
  const text = `// Written by Open Agent at each start.
const openAgentHands = ${JSON.stringify(told)};
${bundle}`;
  // The same file is the same configuration for missions that were prepared with it.
  if ((await textOfFile(path)) !== text) await writePrivateFile(path, text);
};
