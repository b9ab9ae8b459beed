import { readSettings } from '../config/settings.ts';
import { startOpenCodeChild } from './children/start-opencode.ts';
import { say, sayOpenCodeAway } from './say.ts';
import { prepareStartOfOpenCode } from './state/start.ts';
import { runUntilStopped } from './until-stopped.ts';

/**
 * `openagent opencode`: OpenCode with its hands, supervised, as a systemd unit of its own, so that the host-agent may
 * be restarted and updated while turns and what they run go on. It announces OpenCode in server.json, which is all that
 * the host-agent needs of it. Resolves once it was stopped, with all that both had started.
 */
export const openCodeUnit = (environment: NodeJS.ProcessEnv): Promise<void> => {
  const settings = readSettings(environment);
  return runUntilStopped(
    () => prepareStartOfOpenCode(settings),
    async (start, startChild, stop) => {
      const away = await startOpenCodeChild(start, process.argv[1] ?? '', startChild, stop);
      if (stop.aborted) return;
      sayOpenCodeAway(away);
      if (!away) say('OpenCode runs.');
    },
  );
};
