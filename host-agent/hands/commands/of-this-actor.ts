import { makeCommands } from './commands.ts';

/** The commands of this process, an actor: one list, since whoever ends the actor has to end all of them. */
export const commands = makeCommands(process.env);
