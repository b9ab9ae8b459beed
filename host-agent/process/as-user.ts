/** For a program as a Linux user of its own. */

/** Listening on a port below 1024 takes it. */
export type Capability = 'net_bind_service';

/** Who a program of ours is where it is not who we are. */
export interface OwnUser {
  /** Of the user and of its group. */
  number: number;
  kept: readonly Capability[];
}

/**
 * Options of setpriv(1) by which it makes a program the user and the group with this number: with no other group, no
 * capability but `kept`, and no way to get one.
 */
export const userOptions = (user: number, kept: readonly Capability[] = []): string[] => {
  const capabilities = ['-all', ...kept.map((name) => `+${name}`)].join();
  return [
    ...[`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs'],
    ...['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=${capabilities}`),
  ];
};

/** A command line behind this is that user's. Takes root. */
export const asUser = (user: number): string[] => ['setpriv', ...userOptions(user), '--'];
