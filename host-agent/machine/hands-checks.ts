import type { Settings } from '../config/settings.ts';
import { handsControl } from '../hands/control/client.ts';
import { noRoomForSockets } from '../hands/socket.ts';
import { type Check, fatal, lacking, works } from './check.ts';

/** What `openagent doctor` finds out about the process that runs agents' tools. */
export const handsChecks = async ({ files, openCodeBaseUrl }: Settings): Promise<Check[]> => {
  if (openCodeBaseUrl) return [works('Agents have the tools of the OpenCode of OPENCODE_BASE_URL')];
  const tooLong = noRoomForSockets(files.hands);
  if (tooLong !== undefined) return [fatal('The process that runs tools has no room for its sockets', tooLong)];
  const health = await handsControl(files.hands)
    .health()
    .catch(() => undefined);
  if (!health) return [works('The process that runs tools does not run now; a start begins it')];
  const { pid, missions, calls, mcp } = health;
  const known = `${missions} ${missions === 1 ? 'mission' : 'missions'} known`;
  const atWork = `${calls} ${calls === 1 ? 'call' : 'calls'} at work`;
  // Each once, whoever's agents tried.
  const failures = new Map(
    mcp.flatMap(({ server, failure }) => (failure === null ? [] : [[server, failure] as const])),
  );
  return [
    works(`The process that runs tools is there (process ${pid}): ${known}, ${atWork}`),
    ...[...failures].map(([server, failure]) =>
      lacking(`The MCP server "${server}" could not be used: ${failure}`, 'its tools', mendEntry),
    ),
  ];
};

const mendEntry = 'Mend its entry under "mcp" in the configuration of OpenCode; the next mission tries it anew.';
