/**
 * Every call there is, by groups: the one list. What is not in it can't be sent, and what is in it has to be replied
 * to.
 */
import type { Call } from './call.ts';
import { changeCalls } from './changes.ts';
import { fileCalls } from './files.ts';
import { openCodeCalls } from './opencode.ts';
import { portCalls } from './ports.ts';
import { providerCalls } from './providers.ts';
import { systemCalls } from './system.ts';
import { workspaceCalls } from './workspace.ts';

export const callGroups = {
  changes: changeCalls,
  files: fileCalls,
  openCode: openCodeCalls,
  ports: portCalls,
  providers: providerCalls,
  system: systemCalls,
  workspace: workspaceCalls,
};

export type CallGroups = typeof callGroups;
type CallsOf<Group> = Group[keyof Group];
export type DeclaredCall = CallsOf<{ [Name in keyof CallGroups]: CallsOf<CallGroups[Name]> }>;

export const allCalls: readonly Call[] = Object.values(callGroups).flatMap((group): Call[] => Object.values(group));
