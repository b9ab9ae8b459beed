import { routes } from '../http/context.ts';
import { notYet } from '../http/not-yet.ts';

const noStore = notYet('Secrets system not available');

/** The secret store (contract §2.9), which this version does not have: its status says so, everything else is refused. */
export const secrets = routes()
  .get('/status', (c) => c.json({ initialized: false, can_decrypt: false, registries: [] }))
  .post('/initialize', noStore)
  .post('/unlock', noStore)
  .post('/lock', noStore)
  .get('/registries', noStore)
  .get('/registries/:name', noStore)
  .delete('/registries/:name', noStore)
  .get('/registries/:name/:key', noStore)
  .post('/registries/:name/:key', noStore)
  .delete('/registries/:name/:key', noStore)
  .get('/registries/:name/:key/reveal', noStore);
