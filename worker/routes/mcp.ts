import { AppError } from '../../shared/errors.ts';
import { mcpRoutes } from '../../shared/routes/absent.ts';
import { on, type Served } from '../http/on.ts';

const addText =
  'This version keeps no MCP servers of its own: write them into the `mcp` section of OPENCODE_CONFIG_CONTENT on the server, ' +
  'and missions have them.';

/** MCP servers and their tools (contract §2.5): none are registered in this version. */
export const mcp: Served[] = [
  on(mcpRoutes.list, () => []),
  on(mcpRoutes.add, ({ body: { transport, endpoint } }) => {
    if (!transport && !endpoint) throw new AppError('unprocessable', 'Invalid request body: transport: is missing');
    throw new AppError('bad_request', addText);
  }),
  on(mcpRoutes.refreshAll, () => ({
    success: true as const,
    message: 'No MCP servers are registered: nothing to refresh',
  })),
  on(mcpRoutes.read, ({ params }) => noServer(params)),
  on(mcpRoutes.change, ({ params }) => noServer(params)),
  on(mcpRoutes.remove, ({ params }) => noServer(params)),
  on(mcpRoutes.enable, ({ params }) => noServer(params)),
  on(mcpRoutes.disable, ({ params }) => noServer(params)),
  on(mcpRoutes.refresh, ({ params }) => noServer(params)),
  on(mcpRoutes.tools, () => []),
  on(mcpRoutes.toggleTool, ({ params: { name } }) => {
    throw new AppError('not_found', `Tool ${name} not found`);
  }),
];

const noServer = ({ id }: { id: string }): never => {
  throw new AppError('not_found', `MCP server ${id} not found`);
};
