import { uuidParam } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { legacyRoutes } from '../../shared/routes/legacy.ts';
import { directory } from '../directory/directory.ts';
import { findFinished, listFinished } from '../directory/finished.ts';
import { on, type Served } from '../http/on.ts';

/** Contract §2.1. */
const defaultRunsLimit = 20;
/** One page of runs; whoever wants more goes on with `offset`. */
const mostRuns = 500;

const taskText =
  'This version runs no tasks outside missions: create a mission (POST /api/control/missions) and send it the text ' +
  '(POST /api/control/message).';

/**
 * Endpoints that are older than missions (contract §2.1, §3): there are no tasks, and finished missions are shown as
 * runs.
 */
export const legacy: Served[] = [
  on(legacyRoutes.tasks, () => []),
  on(legacyRoutes.createTask, () => {
    throw new AppError('bad_request', taskText);
  }),
  on(legacyRoutes.task, ({ params }) => noTask(params)),
  on(legacyRoutes.stopTask, ({ params }) => noTask(params)),
  on(legacyRoutes.taskStream, ({ params }) => noTask(params)),
  on(legacyRoutes.runs, async ({ c, user, query }) => {
    const limit = Math.min(query.limit ?? defaultRunsLimit, mostRuns);
    const offset = query.offset ?? 0;
    return { runs: await listFinished(directory(c.env), user.id, limit, offset), limit, offset };
  }),
  on(legacyRoutes.run, async ({ c, user, params }) => {
    // Clients may send any text as a run's id: what is not an id of ours is answered with 404, like an unknown id.
    const id = uuidParam.safeParse(params.id);
    const run = id.success ? await findFinished(directory(c.env), user.id, id.data) : null;
    if (!run) throw new AppError('not_found', `Run ${params.id} not found`);
    return run;
  }),
  on(legacyRoutes.runEvents, ({ params }) => ({ run_id: params.id, events: [] })),
  on(legacyRoutes.runTasks, ({ params }) => ({ run_id: params.id, tasks: [] })),
  on(legacyRoutes.searchMemory, ({ query: { q } }) => ({ query: q, results: [] })),
];

const noTask = ({ id }: { id: string }): never => {
  throw new AppError('not_found', `Task ${id} not found`);
};
