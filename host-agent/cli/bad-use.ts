import { StartError } from '../config/start-error.ts';

/** What a person asked for can't be understood or done as it was said: nothing was sent. */
export class BadUse extends StartError {}
