import { z } from 'zod';
import { uuidParam } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { directory } from '../directory/directory.ts';
import { findRun, listRuns } from '../directory/runs.ts';
import { jsonBody } from '../http/body.ts';
import { type Context, routes } from '../http/context.ts';
import { countQuery, idParam } from '../http/params.ts';

/** Contract §2.1. */
const defaultRunsLimit = 20;
/** One page of runs; whoever wants more goes on with `offset`. */
const mostRuns = 500;

const newTask = z.object({ task: z.string() });

const taskText =
  'This version runs no tasks outside missions: create a mission (POST /api/control/missions) and send it the text ' +
  '(POST /api/control/message).';

/** What a predecessor had instead of missions (contract §2.1, §3): no tasks, and the finished missions as runs. */
export const legacy = routes()
  .get('/tasks', (c) => c.json([]))
  .post('/task', async (c) => {
    await jsonBody(c, newTask);
    throw new AppError('bad_request', taskText);
  })
  .get('/task/:id', (c) => noTask(c))
  .post('/task/:id/stop', (c) => noTask(c))
  .get('/task/:id/stream', (c) => noTask(c))
  .get('/runs', async (c) => {
    const limit = Math.min(countQuery(c, 'limit', defaultRunsLimit), mostRuns);
    const offset = countQuery(c, 'offset', 0);
    return c.json({ runs: await listRuns(directory(c.env), c.get('user').id, limit, offset), limit, offset });
  })
  .get('/runs/:id', async (c) => {
    // A run's id is any text to clients: what is no id of ours is not found, like one of nobody's.
    const id = uuidParam.safeParse(c.req.param('id'));
    const run = id.success ? await findRun(directory(c.env), c.get('user').id, id.data) : null;
    if (!run) throw new AppError('not_found', `Run ${c.req.param('id')} not found`);
    return c.json(run);
  })
  .get('/runs/:id/events', (c) => c.json({ run_id: c.req.param('id'), events: [] }))
  .get('/runs/:id/tasks', (c) => c.json({ run_id: c.req.param('id'), tasks: [] }))
  .get('/memory/search', (c) => {
    const query = c.req.query('q');
    if (query === undefined) throw new AppError('bad_request', 'Invalid query: q is missing');
    return c.json({ query, results: [] });
  });

const noTask = (c: Context): never => {
  throw new AppError('not_found', `Task ${idParam(c)} not found`);
};
