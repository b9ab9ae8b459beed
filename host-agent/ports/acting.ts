import * as z from 'zod';
import { portCalls, portNumber } from '../../shared/calls/ports.ts';
import type { ActOnFiles } from '../hands/actor/acting-on-files.ts';
import { connectTo } from './connecting.ts';
import { portsOfPlace } from './of-place.ts';

/** What is asked of an actor about ports: beside acts on files, by the same way. */
export const portsAsked = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('ports') }),
  z.object({ verb: z.literal('connect'), port: portNumber }),
]);
export type PortsAsked = z.infer<typeof portsAsked>;
export const portsReply = portCalls.list.reply;

/** How an actor does what is asked about ports; what is none of it goes to `others`. */
export const actOnPorts =
  (isOwnPlace: boolean, others: ActOnFiles): ActOnFiles =>
  async (asked, body, signal) => {
    const known = portsAsked.safeParse(asked);
    if (!known.success) return others(asked, body, signal);
    const ofPlace = () => portsOfPlace(isOwnPlace);
    if (known.data.verb === 'connect') return connectTo(known.data.port, ofPlace, body, signal);
    return { reply: { ports: ofPlace() } satisfies z.input<typeof portsReply> };
  };
