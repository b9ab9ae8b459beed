import type { Settings } from '../config/settings.ts';
import { boundaryOf } from '../launcher/state/boundary.ts';
import { canHaveOwnUsers } from '../launcher/state/own-users.ts';
import { runProgram } from '../process/child.ts';
import { containmentMeans } from '../process/means.ts';
import { type Check, lacking, works } from './check.ts';

/**
 * What `openagent doctor` says of whom agents and our own processes are on this machine, and of their home. Throws as a
 * start does.
 */
export const agentsChecks = async (settings: Settings): Promise<Check[]> => {
  const means = await containmentMeans();
  const ours = works(canHaveOwnUsers(means) ? apart : together);
  if (settings.openCodeBaseUrl !== undefined) return [ours]; // Its agents are not ours.
  const boundary = boundaryOf(settings, means);
  const home = settings.environment.AGENT_HOME;
  if (boundary.kind === 'none')
    return [
      ours,
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
    ours,
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

const apart =
  'The edge and OpenCode are Linux users of their own (`openagent status` has their numbers); the other processes of Open Agent are root';
const together =
  'All processes of Open Agent are one Linux user; as root, where namespaces may be made, the edge and OpenCode are users of their own';
