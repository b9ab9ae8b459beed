/** The channels there are, by their names: what the `Relay` object may be asked to open. */
import type { Channel } from './channel.ts';
import { connectionChannel } from './connections.ts';
import { downloadChannel, uploadChannel } from './transfers.ts';

export const channels: Readonly<Record<string, Channel>> = Object.fromEntries(
  [uploadChannel, downloadChannel, connectionChannel].map((each): [string, Channel] => [each.name, each]),
);
