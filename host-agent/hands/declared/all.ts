import { declaredBash, declaredBashKill, declaredBashOutput, declaredWorkspaceBash } from './bash.ts';
import type { Declared } from './declared.ts';
import { applyPatch, edit, glob, grep, read, write } from './files.ts';
import { declaredWebfetch, declaredWorkspaceFetchUrl } from './webfetch.ts';
import * as workspaceFiles from './workspace-files.ts';

/** Every tool that models are offered, in the order in which they see it. */
export const declaredTools: readonly Declared[] = [
  declaredBash,
  read,
  edit,
  write,
  applyPatch,
  glob,
  grep,
  declaredWebfetch,
  declaredBashOutput,
  declaredBashKill,
  ...Object.values(workspaceFiles),
  declaredWorkspaceBash,
  declaredWorkspaceFetchUrl,
];
