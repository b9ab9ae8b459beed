import { absentSecretRoutes, secretStatus } from '../../shared/routes/absent.ts';
import { notYet } from '../http/not-yet.ts';
import { on, type Served } from '../http/on.ts';

const noStore = notYet('Secrets system not available');

/**
 * The secret store (contract §2.9), which this version does not have: its status says so, everything else is refused.
 */
export const secrets: Served[] = [
  on(secretStatus, () => ({ initialized: false as const, can_decrypt: false as const, registries: [] })),
  ...absentSecretRoutes.map((route) => on(route, ({ c }) => noStore(c))),
];
