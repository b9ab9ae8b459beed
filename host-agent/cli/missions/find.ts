import { BadUse } from '../bad-use.ts';
import type { Mission } from './shapes.ts';

const wholeId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const beginningOfId = /^[0-9a-f][0-9a-f-]{0,35}$/;

/**
 * The id of a mission by its beginning, of whatever length, among those that the edge lists (`list`: the newest, or the
 * deleted ones). Throws BadUse when none or several begin so. A whole id is taken as it is.
 */
export const missionNamed = async (
  list: () => Promise<readonly Pick<Mission, 'id'>[]>,
  given: string,
): Promise<string> => {
  const wanted = given.trim().toLowerCase();
  if (wholeId.test(wanted)) return wanted;
  if (!beginningOfId.test(wanted))
    throw new BadUse(`"${given}" is not the id of a mission. \`openagent missions\` lists them.`);
  const missions = await list();
  const found = missions.filter(({ id }) => id.startsWith(wanted)).map(({ id }) => id);
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  if (only === undefined) {
    throw new BadUse(
      `None of your newest ${missions.length} missions begins with "${wanted}". Give the whole id of an older one.`,
    );
  }
  throw new BadUse(`Several missions begin with "${wanted}": ${found.join(', ')}. Give more of the id.`);
};
