/** `openagent changes`, `diff` and `undo`: what turns changed in the files of a mission. */
import type { ChangedFile, ChangeStep } from '../../../shared/changes.ts';
import { asciiJson } from '../../../shared/sse.ts';
import { StartError } from '../../config/start-error.ts';
import { say } from '../../launcher/say.ts';
import { chosenEdge, type EdgeOptions } from '../login/edge.ts';
import { type Ends, processEnds } from '../printing/ends.ts';
import { plain, plainLine } from '../printing/plain.ts';
import { type MissionApi, missionApi } from './api.ts';
import { changesApi } from './changes-api.ts';
import { missionNamed } from './find.ts';

export interface ChangesOptions extends EdgeOptions {
  turn?: string;
  json?: boolean;
}

/** Prints which turns a mission had and which files it changed until now, or what one turn changed. */
export const changes = async (
  given: string,
  options: ChangesOptions,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const { api, id, ends } = await asked(given, options, environment);
  const { turn } = options;
  if (turn !== undefined) {
    const step = await stepNamed(api, id, turn);
    const found = await api.ofTurn(id, step.id, 0);
    if (options.json) return ends.out(`${asciiJson(found)}\n`);
    return tellFiles(ends, found);
  }
  const found = await api.ofMission(id, 0);
  if (options.json) return ends.out(`${asciiJson(found)}\n`);
  for (const step of found.steps) ends.out(`${stepLine(step)}\n`);
  if (found.steps.length > 0) ends.out('\n');
  tellFiles(ends, found);
};

/** Prints what a mission changed until now, or what one turn changed, as unified diffs. */
export const diff = async (
  given: string,
  options: ChangesOptions & { path?: string },
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const { api, id, ends } = await asked(given, options, environment);
  const step = options.turn === undefined ? undefined : await stepNamed(api, id, options.turn);
  for (let offset: number | null = 0; offset !== null; ) {
    const page = await api.diff(id, step?.id, options.path, offset);
    for (const file of page.files) {
      if (options.json) ends.out(`${asciiJson(file)}\n`);
      else if (file.diff !== null) ends.out(plain(file.diff));
      else ends.out(`${fileLine(file)}\n`);
      if (file.cut && !options.json) ends.err(`The diff of ${plainLine(file.path)} is longer.\n`);
    }
    if (page.note !== null) ends.err(`${plainLine(page.note)}\n`);
    offset = page.next;
  }
};

/** Puts back what a turn changed: all of it, or the named files. Throws Refused where that can't be. */
export const undo = async (
  given: string,
  paths: string[],
  options: EdgeOptions & { turn?: string; force?: boolean },
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const { api, id, ends } = await asked(given, options, environment);
  // Named, so that a call whose answer is lost can be made again, and does not take back one more.
  const step = options.turn === undefined ? await lastTurn(api, id) : await stepNamed(api, id, options.turn);
  const done = await api.undo(id, { turn: step.id, paths: paths.length === 0 ? null : paths, force: options.force });
  for (const { path, did, why } of done.files)
    ends.out(`${did.padEnd(8)}  ${plainLine(path)}${why === null ? '' : `: ${plainLine(why)}`}\n`);
  if (done.undo === null) return say('The files are as they were before that turn already.');
  say(`Undone. Have it back: openagent undo ${id.slice(0, 8)} --turn ${done.undo.slice(0, 8)}`);
};

const asked = async (given: string, options: EdgeOptions, environment: NodeJS.ProcessEnv) => {
  const edge = await chosenEdge(options, environment);
  const missions: MissionApi = missionApi(edge);
  return { api: changesApi(edge), id: await missionNamed(missions.list, given), ends: processEnds(environment) };
};

type Api = ReturnType<typeof changesApi>;

/** The step whose id, or whose message's, begins so. */
const stepNamed = async (api: Api, mission: string, wanted: string): Promise<ChangeStep> => {
  const { steps } = await api.ofMission(mission, 0);
  const found = steps.filter(({ id, message }) => id.startsWith(wanted) || message?.startsWith(wanted));
  const [only, second] = found;
  if (only && !second) return only;
  throw new StartError(
    only
      ? `Several turns begin with "${wanted}". Give more of the id.`
      : `No turn of this mission that has snapshots begins with "${wanted}": openagent changes ${mission.slice(0, 8)}`,
  );
};

const lastTurn = async (api: Api, mission: string): Promise<ChangeStep> => {
  const { steps } = await api.ofMission(mission, 0);
  const step = steps.find(({ kind, undone, files }) => kind === 'turn' && !undone && files !== 0 && files !== null);
  if (step) return step;
  throw new StartError('No turn of this mission has changed a file that could be put back.');
};

const stepLine = ({ id, kind, of, begun_at: begun, files, undone, note }: ChangeStep): string => {
  const when = begun === null ? '-'.padEnd(16) : new Date(begun).toISOString().slice(0, 16).replace('T', ' ');
  const what = kind === 'undo' ? `undo of ${of?.slice(0, 8) ?? '?'}` : 'turn';
  const many = files === null ? 'not known' : files === 1 ? '1 file' : `${files} files`;
  return [
    id.slice(0, 8),
    when,
    what,
    many,
    ...(undone ? ['undone'] : []),
    ...(note === null ? [] : [plainLine(note)]),
  ].join('  ');
};

const tellFiles = (
  ends: Ends,
  { files, total, note }: { files: ChangedFile[]; total: number; note: string | null },
) => {
  for (const file of files) ends.out(`${fileLine(file)}\n`);
  if (total > files.length) ends.err(`… and ${total - files.length} more files.\n`);
  if (total === 0) ends.err('No file has changed.\n');
  if (note !== null) ends.err(`${plainLine(note)}\n`);
};

const fileLine = ({ path, change, from, added, removed, binary, kept }: ChangedFile): string => {
  const lines = added === null ? (kept ? (binary ? 'binary' : '') : 'not kept') : `+${added} -${removed}`;
  return `${change.padEnd(8)}  ${from === null ? '' : `${plainLine(from)} → `}${plainLine(path)}  ${lines}`.trimEnd();
};
