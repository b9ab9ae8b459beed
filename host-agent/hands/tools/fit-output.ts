import type { Situation } from '../call/tool.ts';

/**
 * OpenCode cuts what a model reads at 2,000 lines and 50 KB, and keeps the rest where the agent can't read it (opencode
 * §9). So ours stays below, with room for the sentence that says where the rest is.
 */
export const maxOutputLines = 1_950;
export const maxOutputBytes = 48 * 1024;

/** `text` where it fits, else its beginning, with a sentence that says where all of it was kept, as `name`. */
export const fitOutput = async ({ keep }: Pick<Situation, 'keep'>, name: string, text: string): Promise<string> => {
  const lines = text.split('\n');
  if (lines.length <= maxOutputLines && Buffer.byteLength(text) <= maxOutputBytes) return text;
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines.slice(0, maxOutputLines)) {
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > maxOutputBytes) break;
    kept.push(line);
  }
  const path = await keep(name, text);
  const left = lines.length - kept.length;
  const where = `(${left} more lines are not shown: all of it is in ${path}. Read a part of it, or search it.)`;
  return `${kept.join('\n')}\n\n${where}`;
};
