/** What stands in the first line of the installed plug-in (config/hands-plugin). */
export interface Told {
  /** Unix socket of the hands. */
  socket: string;
  /** OpenCode sees what agents write, and so reads the rules and skills of projects itself. */
  seesTrees: boolean;
}
