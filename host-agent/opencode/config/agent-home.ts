import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from '../../process/private-file.ts';

/**
 * Gives the agent's commands the person's HOME (AGENT_HOME), so that git and ssh find their settings, while OpenCode
 * keeps its own: it would read `~/.claude`, `~/.agents`, `~/.opencode` and its own settings from there, and write into
 * them. A plugin of OpenCode adds variables to every command of the shell tool (opencode §10.8); MCP servers keep
 * OpenCode's. The XDG folders go along, since git also looks there. `null` takes it away. `directory` is OpenCode's
 * global config directory.
 */
export const writeAgentHome = async (directory: string, home: string | null): Promise<void> => {
  const path = join(directory, 'plugin', 'agent-home.js');
  if (home === null) return rm(path, { force: true });
  const variables = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_STATE_HOME: join(home, '.local', 'state'),
    XDG_CACHE_HOME: join(home, '.cache'),
  };
  await writePrivateFile(
    path,
    `// Written by Open Agent at each start, because AGENT_HOME is set.
export const AgentHome = async () => ({
  'shell.env': async (_input, output) => {
    Object.assign(output.env, ${JSON.stringify(variables)});
  },
});
`,
  );
};
