/** `openagent cancel`. */
import { StartError } from '../../config/start-error.ts';
import { say } from '../../launcher/say.ts';
import { Refused } from '../edge-api.ts';
import { chosenEdge, type EdgeOptions } from '../login/edge.ts';
import { missionApi } from './api.ts';
import { missionNamed } from './find.ts';

/** Ends what runs in a mission. It can be gone on with. Throws Refused when there is nothing to end. */
export const cancel = async (given: string, options: EdgeOptions, environment: NodeJS.ProcessEnv): Promise<void> => {
  const api = missionApi(await chosenEdge(options, environment));
  const id = await missionNamed(api.list, given);
  try {
    await api.cancel(id);
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    // The edge says the same of a mission that is not there; this throws for that one.
    const { status } = await api.read(id);
    throw new StartError(`Nothing runs in mission ${id.slice(0, 8)}; it is ${status}.`);
  }
  say(`Mission ${id.slice(0, 8)} is being cancelled. Go on with it: openagent run --mission ${id.slice(0, 8)} "…"`);
};
