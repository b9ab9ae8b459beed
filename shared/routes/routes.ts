/** Every route of the HTTP API, by its declaration. */
import {
  absentLibraryRoutes,
  absentSecretRoutes,
  desktopRoutes,
  libraryRoutes,
  mcpRoutes,
  secretStatus,
} from './absent.ts';
import { changeRoutes } from './changes.ts';
import { controlRoutes } from './control.ts';
import { docsRoutes } from './docs.ts';
import { fileRoutes } from './files.ts';
import { generalRoutes } from './general.ts';
import { legacyRoutes } from './legacy.ts';
import { missionRoutes } from './missions.ts';
import { openCodeRoutes } from './opencode.ts';
import { portRoutes } from './ports.ts';
import { providerRoutes } from './providers.ts';
import { quotaRoutes } from './quotas.ts';
import type { Route } from './route.ts';
import { serverRoutes } from './servers.ts';
import { workspaceRoutes } from './workspaces.ts';

/** By the section of the contract they belong to, in the order in which documents list them. */
export const routeGroups = {
  General: [...Object.values(generalRoutes), ...Object.values(docsRoutes)],
  Missions: Object.values(missionRoutes),
  Changes: Object.values(changeRoutes),
  Control: Object.values(controlRoutes),
  Files: Object.values(fileRoutes),
  Servers: Object.values(serverRoutes),
  Quotas: Object.values(quotaRoutes),
  Providers: Object.values(providerRoutes),
  Workspaces: [...Object.values(workspaceRoutes), ...Object.values(portRoutes)],
  OpenCode: Object.values(openCodeRoutes),
  Library: [...Object.values(libraryRoutes), ...absentLibraryRoutes],
  MCP: Object.values(mcpRoutes),
  Secrets: [secretStatus, ...absentSecretRoutes],
  Desktops: Object.values(desktopRoutes),
  Predecessor: Object.values(legacyRoutes),
} satisfies Record<string, readonly Route[]>;

/** Where two paths match the same request, the one without parameters comes first. */
export const allRoutes: readonly Route[] = Object.values(routeGroups).flat();
