/** `openagent missions`: the newest, one a line. */
import type { MissionStatus } from '../../../shared/events.ts';
import { asciiJson } from '../../../shared/sse.ts';
import { chosenEdge, type EdgeOptions } from '../login/edge.ts';
import { type Ends, processEnds } from '../printing/ends.ts';
import { plainLine } from '../printing/plain.ts';
import { missionApi } from './api.ts';
import type { Mission } from './shapes.ts';

export interface ListOptions extends EdgeOptions {
  status?: MissionStatus;
  limit?: number;
  json?: boolean;
}

/**
 * Prints the missions, the one that changed last first; with `--json` each as the API has it, and `running` (its state,
 * or null).
 */
export const listMissions = async (options: ListOptions, environment: NodeJS.ProcessEnv): Promise<void> => {
  const api = missionApi(await chosenEdge(options, environment));
  const [all, running] = await Promise.all([
    api.list(options.status === undefined ? options.limit : undefined),
    api.running(),
  ]);
  const states = new Map(running.map(({ mission_id, state }) => [mission_id, state]));
  const wanted = all.filter(({ status }) => options.status === undefined || status === options.status);
  const shown = wanted.slice(0, options.limit);
  const ends = processEnds(environment);
  for (const mission of shown) {
    const state = states.get(mission.id) ?? null;
    ends.out(options.json ? `${asciiJson({ ...mission, running: state })}\n` : `${lineOf(mission, state, ends)}\n`);
  }
  if (options.json) return;
  if (all.length === 0) ends.err('There are no missions yet. Start one: openagent run "…"\n');
  else if (shown.length === 0) ends.err(`None of your newest ${all.length} missions has this status.\n`);
};

/** What a turn does, in a person's words. */
const stateWords: Record<string, string> = { waiting_for_tool: 'asks you' };

const statusColumns = 'not_feasible'.length;

const lineOf = ({ id, status, title, updated_at, history }: Mission, running: string | null, ends: Ends): string => {
  const state = plainLine(running === null ? status : (stateWords[running] ?? running));
  const name = plainLine(title ?? history.find(({ role }) => role === 'user')?.content ?? '');
  const line = `${id.slice(0, 8)}  ${state.padEnd(statusColumns)}  ${minuteOf(updated_at)}  ${name}`.trimEnd();
  return ends.columns !== null && line.length > ends.columns ? `${line.slice(0, ends.columns - 1)}…` : line;
};

/** In local time: it is read by a person. */
export const minuteOf = (timestamp: string): string => {
  const date = new Date(timestamp);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
};
