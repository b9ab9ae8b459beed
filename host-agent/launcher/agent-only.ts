import { readSettings } from '../config/settings.ts';
import { hostAgentRole } from './children/host-agent.ts';
import { startOpenCodeChild } from './children/start-opencode.ts';
import { say, sayOpenCodeAway } from './say.ts';
import { prepareStartOfServer } from './state/start.ts';
import { runUntilStopped } from './until-stopped.ts';

/**
 * `openagent agent`: what a server of an edge elsewhere runs. Resolves once it was stopped. The edge may be away: the
 * host-agent dials until it is there, and turns go on meanwhile. `withOpenCode` false leaves OpenCode to a unit of its
 * own.
 */
export const agentOnly = (
  environment: NodeJS.ProcessEnv,
  { withOpenCode }: { withOpenCode: boolean },
): Promise<void> => {
  const settings = readSettings(environment);
  return runUntilStopped(
    () => prepareStartOfServer(settings, { withOpenCode }),
    async (start, startChild, stop) => {
      const script = process.argv[1] ?? '';
      const openCode = withOpenCode ? startOpenCodeChild(start, script, startChild, stop) : undefined;
      const failed = await startChild(hostAgentRole(start, script), 'The host-agent').firstStart;
      if (stop.aborted) return;
      if (failed) throw failed;
      sayOpenCodeAway(await openCode);
      if (stop.aborted) return;
      say(
        `Open Agent works for ${start.host.url} as "${start.host.name}". \`openagent doctor\` says whether the edge answers.`,
      );
    },
  );
};
