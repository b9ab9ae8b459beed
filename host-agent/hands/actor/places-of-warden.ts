import type { Socket } from 'node:net';
import { missionId } from '../../../shared/ids.ts';
import type { Warden } from '../../warden/client.ts';
import type { Places } from './places.ts';

/** A place for each owner, apart from us and from each other: the warden makes them. */
export const placesOf = (warden: Warden): Places => ({
  of: (owner) => owner,
  give: ({ mission, owner, directory }) => warden.give({ mission: missionId.parse(mission), owner, directory }),
  measure: (place) => warden.measure(place),
  start: async (place) => {
    const { pid, connection, life } = await warden.enter(place);
    for (const socket of [connection, life]) socket.resume(); // Of the second nothing ever comes but its end.
    return {
      pid,
      input: connection,
      output: connection,
      gone: closed(life).then(() => 'ended'),
      closed: closed(connection),
      kill: () => {
        connection.destroy();
        life.end(); // It closes when the place is gone.
      },
    };
  },
});

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));
