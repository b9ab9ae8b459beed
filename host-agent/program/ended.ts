import { isStartError } from '../config/start-error.ts';

/** Runs the command that was asked for, which never rejects; its exit code becomes the one of the process. */
export type Run = (command: () => Promise<number>) => Promise<void>;

/**
 * Runs a command to its end. Out: its own exit code, 0 where it has none; else that of its error, which is said on
 * standard error.
 */
export const ended = async (command: () => unknown, codeOf: (error: unknown) => number = () => 1): Promise<number> => {
  try {
    const code = await command();
    return typeof code === 'number' ? code : 0;
  } catch (error) {
    process.stderr.write(`${sentences(error)}\n`);
    return codeOf(error);
  }
};

/** Our own errors are the whole story; of others the causes tell more, and a stack would tell people nothing. */
const sentences = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined || isStartError(error)
    ? error.message
    : `${error.message}\n  because: ${sentences(error.cause)}`;
};
