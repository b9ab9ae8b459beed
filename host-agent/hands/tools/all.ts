import { applyPatchTool } from './apply-patch.ts';
import { editTool } from './edit.ts';
import { globTool } from './glob.ts';
import { grepTool } from './grep.ts';
import { readTool } from './read.ts';
import type { Tool } from './tool.ts';
import { workspaceFileTools } from './workspace-files.ts';
import { writeTool } from './write.ts';

/** Every tool that an actor has. */
export const tools: readonly Tool[] = [
  readTool,
  editTool,
  writeTool,
  applyPatchTool,
  globTool,
  grepTool,
  ...workspaceFileTools,
];
