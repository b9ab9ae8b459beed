import type { Tool } from './tool.ts';

/** Every tool that an actor has. */
export const tools: readonly Tool[] = [];
