import { join } from 'node:path';
import { noRoomForSocket } from '../process/private-socket.ts';

/** The sockets of the hands in their directory. */
export const handsSockets = (directory: string) => ({
  /** Of those who call tools: MCP. */
  calls: join(directory, 'hands.sock'),
  /** Of the host-agent. */
  control: join(directory, 'control.sock'),
});

/** Why no socket can be made in a directory, for people; undefined when one can. */
export const noRoomForSockets = (directory: string): string | undefined =>
  noRoomForSocket(handsSockets(directory).control);
