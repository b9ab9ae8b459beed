/** Connections to what listens in a workspace. */
import * as z from 'zod';
import { channel } from './channel.ts';

/** The bytes of one TCP connection, both ways. */
export const connectionChannel = channel('connection', 'both ways', z.null());
