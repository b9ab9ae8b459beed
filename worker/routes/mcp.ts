import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { jsonBody } from '../http/body.ts';
import { type Context, routes } from '../http/context.ts';
import { idParam } from '../http/params.ts';

/** The web's old page sends `endpoint` where the contract has `transport` (§2.5 NEW: both are understood). */
const newMcp = z.object({
  name: z.string(),
  transport: z.union([z.object({ http: z.object({}) }), z.object({ stdio: z.object({}) })]).nullish(),
  endpoint: z.string().nullish(),
  scope: z.enum(['global', 'workspace']).nullish(),
});
const changedMcp = z.object({ name: z.string().nullish(), enabled: z.boolean().nullish() });
const toggleBody = z.object({ enabled: z.boolean() });

const addText =
  'This version keeps no MCP servers of its own: write them into the `mcp` section of OPENCODE_CONFIG_CONTENT on the server, ' +
  'and missions have them.';

/** MCP servers (contract §2.5): none are registered in this version. */
export const mcp = routes()
  .get('/', (c) => c.json([]))
  .post('/', async (c) => {
    const { transport, endpoint } = await jsonBody(c, newMcp);
    if (!transport && !endpoint) throw new AppError('unprocessable', 'Invalid request body: transport: is missing');
    throw new AppError('bad_request', addText);
  })
  .post('/refresh', (c) => c.json({ success: true, message: 'No MCP servers are registered: nothing to refresh' }))
  .get('/:id', (c) => noServer(c))
  .patch('/:id', async (c) => {
    await jsonBody(c, changedMcp);
    return noServer(c);
  })
  .delete('/:id', (c) => noServer(c))
  .post('/:id/enable', (c) => noServer(c))
  .post('/:id/disable', (c) => noServer(c))
  .post('/:id/refresh', (c) => noServer(c));

/** Tools of those servers (contract §2.5): none either. */
export const tools = routes()
  .get('/', (c) => c.json([]))
  .post('/:name/toggle', async (c) => {
    await jsonBody(c, toggleBody);
    throw new AppError('not_found', `Tool ${c.req.param('name')} not found`);
  });

const noServer = (c: Context): never => {
  throw new AppError('not_found', `MCP server ${idParam(c)} not found`);
};
