import type { Settings } from '../config/settings.ts';
import { boundaryOf } from '../launcher/state/boundary.ts';
import { runProgram } from '../process/child.ts';
import { containmentMeans } from '../process/means.ts';
import { type Check, lacking, works } from './check.ts';

/** What `openagent doctor` says of whom agents are on this machine, and of their home. Throws as a start does. */
export const agentsChecks = async (settings: Settings): Promise<Check[]> => {
  if (settings.openCodeBaseUrl !== undefined) return []; // Its agents are not ours.
  const boundary = boundaryOf(settings, await containmentMeans());
  const home = settings.environment.AGENT_HOME;
  if (boundary.kind === 'none')
    return [
      works(boundary.why.replace(/\.$/, '')),
      works(
        home
          ? `Agents' commands have the home ${home} (AGENT_HOME)`
          : "Agents' commands have a home of OpenCode's own, without your git settings (AGENT_HOME gives them yours)",
      ),
    ];
  const { user } = boundary;
  const nft = await runProgram({ command: ['nft', '--version'], env: process.env, output: 'kept' });
  return [
    works(
      user
        ? `Agents run as ${user.name} (AGENT_USER) with the home ${user.home}, apart from Open Agent`
        : `Agents are Linux users of their own, apart from Open Agent and from each other, with homes in ${settings.files.places}`,
    ),
    nft.code === 0
      ? works("nftables, which close OpenCode's port to agents")
      : lacking(
          'nftables are missing',
          "agents can reach OpenCode's port, though not its password",
          'apt-get install nftables',
        ),
  ];
};
