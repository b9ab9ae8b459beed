/** `openagent delete`, `trash` and `restore`. */
import { asciiJson } from '../../../shared/sse.ts';
import { say } from '../../launcher/say.ts';
import { chosenEdge, type EdgeOptions } from '../login/edge.ts';
import { processEnds } from '../printing/ends.ts';
import { plainLine } from '../printing/plain.ts';
import { missionApi } from './api.ts';
import { missionNamed } from './find.ts';
import { minuteOf } from './list.ts';

/** Deletes a mission, and says how to have it back. Throws Refused while something runs in it. */
export const remove = async (given: string, options: EdgeOptions, environment: NodeJS.ProcessEnv): Promise<void> => {
  const api = missionApi(await chosenEdge(options, environment));
  const id = await missionNamed(api.list, given);
  await api.remove(id);
  const isKept = (await api.trash()).some((mission) => mission.id === id);
  const short = id.slice(0, 8);
  say(
    isKept ? `Mission ${short} is deleted. Have it back: openagent restore ${short}` : `Mission ${short} is deleted.`,
  );
};

/** Prints the deleted missions that can be had back, the last deleted first; with `--json` each as the API has it. */
export const listTrash = async (
  options: EdgeOptions & { json?: boolean },
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const trash = await missionApi(await chosenEdge(options, environment)).trash();
  const ends = processEnds(environment);
  for (const mission of trash) {
    const { id, title, deleted_at: deleted, purged_at: purged } = mission;
    const times = `deleted ${minuteOf(deleted ?? '')}  kept until ${minuteOf(purged ?? '')}`;
    ends.out(
      options.json
        ? `${asciiJson(mission)}\n`
        : `${`${id.slice(0, 8)}  ${times}  ${plainLine(title ?? '')}`.trimEnd()}\n`,
    );
  }
  if (!options.json && trash.length === 0) ends.err('No deleted mission can be had back.\n');
};

/** Gives a deleted mission back. */
export const restore = async (given: string, options: EdgeOptions, environment: NodeJS.ProcessEnv): Promise<void> => {
  const api = missionApi(await chosenEdge(options, environment));
  const id = await missionNamed(api.trash, given);
  await api.restore(id);
  say(`Mission ${id.slice(0, 8)} is back: openagent show ${id.slice(0, 8)}`);
};
