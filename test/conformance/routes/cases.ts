// Every route's case, by the section of the contract it belongs to.

import { askCases } from './asks.ts';
import type { RouteCase } from './case.ts';
import { changeCases } from './changes.ts';
import { controlCases } from './control.ts';
import { fileCases } from './files.ts';
import { generalCases } from './general.ts';
import { libraryCases } from './library.ts';
import { missionCases } from './missions.ts';
import { portCases } from './ports.ts';
import { providerCases } from './providers.ts';
import { quotaCases, serverCases } from './servers.ts';
import { mcpCases, openCodeCases, secretCases, systemCases } from './system.ts';
import { workspaceCases } from './workspaces.ts';

export const cases: Record<string, readonly RouteCase[]> = {
  general: generalCases,
  workspaces: workspaceCases,
  ports: portCases,
  missions: missionCases,
  changes: changeCases,
  control: controlCases,
  asks: askCases,
  files: fileCases,
  library: libraryCases,
  opencode: openCodeCases,
  system: systemCases,
  mcp: mcpCases,
  secrets: secretCases,
  servers: serverCases,
  quotas: quotaCases,
  providers: providerCases,
};
