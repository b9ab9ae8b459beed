import type { Tool } from '../call/tool.ts';
import { commands } from '../commands/of-this-actor.ts';
import { applyPatchTool } from './apply-patch.ts';
import { bashKillTool, bashOutputTool } from './background.ts';
import { bashTool } from './bash.ts';
import { editTool } from './edit.ts';
import { globTool } from './glob.ts';
import { grepTool } from './grep.ts';
import { personTextTool } from './project/person-text.ts';
import { projectTextTool } from './project/project-text.ts';
import { readTool } from './read.ts';
import { webfetchTool, workspaceFetchUrlTool } from './webfetch.ts';
import { workspaceBashTool } from './workspace-bash.ts';
import { workspaceFileTools } from './workspace-files.ts';
import { writeTool } from './write.ts';

/** Every tool that an actor has. */
export const tools: readonly Tool[] = [
  bashTool(commands),
  readTool,
  editTool,
  writeTool,
  applyPatchTool,
  globTool,
  grepTool,
  webfetchTool,
  bashOutputTool(commands),
  bashKillTool(commands),
  ...workspaceFileTools,
  workspaceBashTool(commands),
  workspaceFetchUrlTool,
  projectTextTool,
  personTextTool,
];
