import type { Settings } from '../config/settings.ts';
import { handsControl } from '../hands/control/client.ts';
import { noRoomForSockets } from '../hands/socket.ts';
import { type Check, fatal, works } from './check.ts';

/** What `openagent doctor` finds out about the process that runs agents' tools. */
export const handsChecks = async ({ files, openCodeBaseUrl }: Settings): Promise<Check[]> => {
  if (openCodeBaseUrl) return [works('Agents have the tools of the OpenCode of OPENCODE_BASE_URL')];
  const tooLong = noRoomForSockets(files.hands);
  if (tooLong !== undefined) return [fatal('The process that runs tools has no room for its sockets', tooLong)];
  const health = await handsControl(files.hands)
    .health()
    .catch(() => undefined);
  if (!health) return [works('The process that runs tools does not run now; a start begins it')];
  const { pid, missions, calls } = health;
  const known = `${missions} ${missions === 1 ? 'mission' : 'missions'} known`;
  const atWork = `${calls} ${calls === 1 ? 'call' : 'calls'} at work`;
  return [works(`The process that runs tools is there (process ${pid}): ${known}, ${atWork}`)];
};
