import packageJson from '../../package.json';
import { timestamp } from '../../shared/api.ts';
import { protocolVersion } from '../../shared/limits.ts';
import { generalRoutes } from '../../shared/routes/general.ts';
import { reportedMode } from '../auth/mode.ts';
import { on, type Served } from '../http/on.ts';

/** Contract §1.2; clients use it as their default. */
const defaultMaxIterations = 50;

/** `GET /api/health`: public, and answers even where nothing else can, so that a setup can be diagnosed. */
export const health: Served[] = [
  on(generalRoutes.health, ({ c }) => {
    const mode = reportedMode(c.env);
    return {
      status: 'ok' as const,
      version: packageJson.version,
      dev_mode: mode === 'disabled',
      auth_required: mode !== 'disabled',
      auth_mode: mode,
      max_iterations: maxIterations(c.env.MAX_ITERATIONS),
      // For servers: whether they fit this edge, and how far apart the clocks are.
      link_protocol: protocolVersion,
      time: timestamp(c.env.clock.now()),
    };
  }),
];

const maxIterations = (text: string | undefined): number => {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : defaultMaxIterations;
};
