import { StartError } from '../config/start-error.ts';
import { cliHelp } from './help.ts';

/** What a person asked for can't be understood or done as it was said: nothing was sent. */
export class BadUse extends StartError {}

/** A command line that is not understood: what is wrong with it, and how it is right. */
export const misused = (command: keyof typeof cliHelp, problem: string): StartError =>
  new StartError(`${problem}\n\n${cliHelp[command]}`);

/** What `read` makes of the arguments; Node's own sentence about a wrong one becomes a StartError. */
export const readArguments = <T>(command: keyof typeof cliHelp, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw misused(command, error instanceof Error ? error.message : String(error));
  }
};
