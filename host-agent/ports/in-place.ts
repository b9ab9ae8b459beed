import type * as z from 'zod';
import { AppError } from '../../shared/errors.ts';
import type { HandsControl } from '../hands/control/client.ts';
import { type PortsAsked, portsReply } from './acting.ts';

/** Ports of the place of one user, as its actor sees and reaches them. All throw AppError with a text for people. */
export interface PlacePorts {
  list(): Promise<z.infer<typeof portsReply>>;
  /** A connection: `body` goes there, `bytes` come back. It has to be closed. */
  connect(
    port: number,
    body: AsyncIterable<Uint8Array>,
  ): Promise<{ bytes: AsyncGenerator<Uint8Array, void>; close(): void }>;
}

const noHandsText =
  'Ports are reached by the hands, and this server has none: OPENCODE_BASE_URL names an OpenCode that is another’s.';
const noOwnerText = 'The edge is of an older version, which does not say on whose behalf it asks. Update the edge.';

/** The ports of a user's place, through the hands; `control` is null where there are none. */
export const portsInPlaces =
  (control: Pick<HandsControl, 'files'> | null) =>
  (owner: string | undefined): PlacePorts => {
    if (control === null) throw new AppError('unavailable', noHandsText);
    if (owner === undefined) throw new AppError('unavailable', noOwnerText);
    const ask = (asked: PortsAsked, body?: AsyncIterable<Uint8Array>) => control.files({ owner, asked }, body);
    return {
      list: async () => {
        const { reply, close } = await ask({ verb: 'ports' });
        close();
        const known = portsReply.safeParse(reply);
        if (known.success) return known.data;
        throw new AppError('internal', 'What was said of ports is no answer, so it was thrown away.', {
          cause: known.error,
        });
      },
      connect: async (port, body) => {
        const { bytes, close } = await ask({ verb: 'connect', port }, body);
        return { bytes, close };
      },
    };
  };
