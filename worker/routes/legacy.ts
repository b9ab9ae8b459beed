import { routes } from '../http/context.ts';
import { countQuery } from '../http/params.ts';

/** Contract §2.1. */
const defaultRunsLimit = 20;

/** Lists of a predecessor that iOS waits for together with the missions: always empty here (contract §14.3, tier 4). */
export const legacy = routes()
  .get('/tasks', (c) => c.json([]))
  .get('/runs', (c) =>
    c.json({ runs: [], limit: countQuery(c, 'limit', defaultRunsLimit), offset: countQuery(c, 'offset', 0) }),
  );
