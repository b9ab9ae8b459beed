import type { Direction } from '../../shared/channels/channel.ts';
import { passOn } from './both-ways.ts';
import type { Coupling } from './flow.ts';
import { readBack } from './from-server.ts';
import { sendOn } from './to-server.ts';

/** How the two ends of a channel are coupled. A direction without an entry does not compile. */
export const couplings: Readonly<Record<Direction, Coupling>> = {
  'to server': sendOn,
  'from server': readBack,
  'both ways': passOn,
};
