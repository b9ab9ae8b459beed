/** OpenCode did not answer: dead, restarting, or not there yet. Nothing is known about what it did with the request. */
export class OpenCodeAway extends Error {
  override readonly name = 'OpenCodeAway';
}

/** OpenCode answered no. `status` is the HTTP status; the message holds what it said. */
export class OpenCodeRefused extends Error {
  override readonly name = 'OpenCodeRefused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
