/**
 * The prompt of a sub-agent, in which OpenCode would read whatever file stands behind an `@`, as itself and unasked
 * (opencode §10.8), with each `@` made one that it passes over: behind a backtick. The sub-agent reads the name all the
 * same, and the file by its own tools.
 */
export const unlinked = (prompt: string): string =>
  // An `@` behind a letter or a backtick is none to OpenCode. What is put in makes no further one.
  prompt.replace(/(?<![\w`])@([^\s`,@]*)/g, '`@$1`');

/** `tool.execute.before`: changes the arguments of a call in place. */
export const unlinkTasks = async (input: unknown, output: unknown): Promise<void> => {
  if (!isRecord(input) || input.tool !== 'task' || !isRecord(output) || !isRecord(output.args)) return;
  const { prompt } = output.args;
  if (typeof prompt === 'string') output.args.prompt = unlinked(prompt);
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
