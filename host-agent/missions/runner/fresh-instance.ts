import type { MissionId } from '../../../shared/ids.ts';
import type { MissionContext } from '../context.ts';

/**
 * Lets a mission's next turn see credentials and settings that have changed since its OpenCode instance was made.
 * Nothing is disposed while something runs in it: then that instance is an old one until its turn has ended. Throws as
 * Client does.
 */
export const freshInstance = async (context: MissionContext, mission: MissionId, directory: string): Promise<void> => {
  const { client, renewal, store } = context;
  if (!renewal.isDue(directory)) return;
  const record = store.missions.get(mission);
  if (record) {
    if ((await client.status(directory, record.session)).type !== 'idle') return;
    await client.disposeInstance(directory);
  }
  renewal.done(directory); // A mission's first turn makes its instance.
};
