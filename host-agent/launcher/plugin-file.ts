import { dirname, join } from 'node:path';

/** Of the bundled plug-in (tools/plugin.mjs), which is built beside the program. */
const pluginFile = 'opencode-plugin.js';

/** Path of the plug-in by which OpenCode gets the tools of this program. */
export const pluginBeside = (script: string): string => join(dirname(script), pluginFile);
